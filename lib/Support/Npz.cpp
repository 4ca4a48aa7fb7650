//===- Npz.cpp - zip archives of npy arrays -------------------------------===//
//
// What numpy's savez and savez_compressed write: members stored or deflated,
// 64-bit sizes where they are needed. Sizes come from the central directory
// and are checked against the bytes that are there before anything is
// allocated.
//
//===----------------------------------------------------------------------===//

#include "NpyFormat.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/FileOutput.h"
#include "llvm/Support/Endian.h"
#include <zlib.h>

using namespace hdp;
using llvm::support::endian::read16le;
using llvm::support::endian::read32le;
using llvm::support::endian::read64le;

static constexpr uint32_t kLocalHeader = 0x04034b50;
static constexpr uint32_t kCentralHeader = 0x02014b50;
static constexpr uint32_t kEndRecord = 0x06054b50;
static constexpr uint32_t kEndRecord64 = 0x06064b50;
static constexpr uint32_t kEndLocator64 = 0x07064b50;
static constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22,
                        kEndSize64 = 56, kLocatorSize = 20;
/// Deflate cannot pack more bytes than this into one.
static constexpr uint64_t kMaxDeflateRatio = 1040;

namespace {
/// A member as the central directory has it.
struct Member {
  llvm::StringRef name;
  unsigned flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t packedSize = 0, size = 0, offset = 0;
};

/// Where the central directory is.
struct Directory {
  uint64_t offset = 0, numMembers = 0;
};
} // namespace

/// Finds the end record, in front of a comment of up to 65535 bytes.
static bool findDirectory(llvm::StringRef bytes, Directory &directory) {
  if (bytes.size() < kEndSize)
    return false;
  size_t first = bytes.size() - kEndSize;
  size_t last = first > 65535 ? first - 65535 : 0;
  for (size_t at = first + 1; at-- > last;) {
    const char *record = bytes.data() + at;
    if (read32le(record) != kEndRecord)
      continue;
    directory.numMembers = read16le(record + 10);
    directory.offset = read32le(record + 16);
    if (at < kLocatorSize || read32le(record - kLocatorSize) != kEndLocator64)
      return true;
    uint64_t at64 = read64le(record - kLocatorSize + 8);
    if (at64 > bytes.size() || bytes.size() - at64 < kEndSize64 ||
        read32le(bytes.data() + at64) != kEndRecord64)
      return false;
    directory.numMembers = read64le(bytes.data() + at64 + 32);
    directory.offset = read64le(bytes.data() + at64 + 48);
    return true;
  }
  return false;
}

/// Takes from `extra` the 64-bit fields whose 32-bit ones are all ones.
static bool readSizes64(llvm::StringRef extra, Member &member) {
  uint64_t *wanted[3];
  unsigned numWanted = 0;
  for (uint64_t *field : {&member.size, &member.packedSize, &member.offset})
    if (*field == 0xffffffff)
      wanted[numWanted++] = field;
  if (numWanted == 0)
    return true;
  while (extra.size() >= 4) {
    unsigned id = read16le(extra.data());
    size_t size = read16le(extra.data() + 2);
    extra = extra.substr(4);
    if (size > extra.size())
      return false;
    if (id == 1) {
      if (size < 8 * numWanted)
        return false;
      for (unsigned i = 0; i < numWanted; ++i)
        *wanted[i] = read64le(extra.data() + 8 * i);
      return true;
    }
    extra = extra.substr(size);
  }
  return false;
}

/// Reads the next central header at `position` and moves behind it.
static bool readMember(llvm::StringRef bytes, uint64_t &position,
                       Member &member) {
  if (position > bytes.size() || bytes.size() - position < kCentralSize)
    return false;
  const char *header = bytes.data() + position;
  if (read32le(header) != kCentralHeader)
    return false;
  member.flags = read16le(header + 8);
  member.method = read16le(header + 10);
  member.crc = read32le(header + 16);
  member.packedSize = read32le(header + 20);
  member.size = read32le(header + 24);
  member.offset = read32le(header + 42);
  size_t nameSize = read16le(header + 28), extraSize = read16le(header + 30),
         commentSize = read16le(header + 32);
  position += kCentralSize;
  if (bytes.size() - position < nameSize + extraSize + commentSize)
    return false;
  member.name = bytes.substr(position, nameSize);
  llvm::StringRef extra = bytes.substr(position + nameSize, extraSize);
  position += nameSize + extraSize + commentSize;
  return readSizes64(extra, member);
}

/// The member's packed bytes, or nothing when they are not inside the file.
static std::optional<llvm::StringRef> findData(llvm::StringRef bytes,
                                               const Member &member) {
  if (member.offset > bytes.size() || bytes.size() - member.offset < kLocalSize)
    return std::nullopt;
  const char *header = bytes.data() + member.offset;
  if (read32le(header) != kLocalHeader)
    return std::nullopt;
  uint64_t start = member.offset + kLocalSize + read16le(header + 26) +
                   read16le(header + 28);
  if (start > bytes.size() || bytes.size() - start < member.packedSize)
    return std::nullopt;
  return bytes.substr(start, member.packedSize);
}

/// Inflates `packed` into exactly `target`.
static bool inflateInto(llvm::StringRef packed,
                        llvm::MutableArrayRef<char> target) {
  z_stream stream = {};
  // -15: raw deflate data, without zlib's own header.
  if (inflateInit2(&stream, -15) != Z_OK)
    return false;
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data()));
  stream.next_out = reinterpret_cast<Bytef *>(target.data());
  uint64_t inLeft = packed.size(), outLeft = target.size();
  int status = Z_OK;
  while (status == Z_OK) {
    uInt in = static_cast<uInt>(std::min<uint64_t>(inLeft, 1u << 30));
    uInt out = static_cast<uInt>(std::min<uint64_t>(outLeft, 1u << 30));
    stream.avail_in = in;
    stream.avail_out = out;
    status = inflate(&stream, Z_NO_FLUSH);
    inLeft -= in - stream.avail_in;
    outLeft -= out - stream.avail_out;
  }
  inflateEnd(&stream);
  return status == Z_STREAM_END && outLeft == 0;
}

/// The checksum of `bytes` behind what gave `crc`. (zlib takes a null pointer,
/// as an empty tensor has, for a reset.)
static uint32_t computeCrc(llvm::StringRef bytes, uint32_t crc = 0) {
  if (bytes.empty())
    return crc;
  return static_cast<uint32_t>(crc32_z(
      crc, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()));
}

llvm::Expected<TensorFile>
TensorFile::readNpz(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  llvm::StringRef bytes = buffer->getBuffer();
  TensorFile file(std::move(buffer));
  Directory directory;
  if (!findDirectory(bytes, directory))
    return makeError(file.path +
                     ": not a zip archive, or one that was cut short");
  uint64_t position = directory.offset;
  for (uint64_t i = 0; i < directory.numMembers; ++i) {
    Member member;
    if (!readMember(bytes, position, member))
      return makeError(file.path + ": entry " + llvm::Twine(i) +
                       " of the zip directory is damaged");
    auto refuse = [&](const llvm::Twine &reason) {
      return makeError(file.path + ": member '" + member.name + "' " + reason);
    };
    if (member.flags & 1)
      return refuse("is encrypted");
    std::optional<llvm::StringRef> data = findData(bytes, member);
    if (!data)
      return refuse("lies outside of the file");
    if (member.method == Z_DEFLATED) {
      if (member.size / kMaxDeflateRatio > member.packedSize)
        return refuse("claims " + llvm::Twine(member.size) + " bytes from " +
                      llvm::Twine(member.packedSize) + " packed ones");
      auto target =
          llvm::WritableMemoryBuffer::getNewUninitMemBuffer(member.size);
      if (!target || !inflateInto(*data, target->getBuffer()))
        return refuse("does not inflate to its " + llvm::Twine(member.size) +
                      " bytes");
      file.unpacked.push_back(std::move(target));
      data = file.unpacked.back()->getBuffer();
    } else if (member.method != 0) {
      return refuse("has compression method " + llvm::Twine(member.method) +
                    ", expected stored (0) or deflate (8)");
    } else if (member.size != member.packedSize) {
      return refuse("is stored in " + llvm::Twine(member.packedSize) +
                    " bytes, expected " + llvm::Twine(member.size));
    }
    if (computeCrc(*data) != member.crc)
      return refuse("has a wrong checksum");
    Entry entry;
    llvm::StringRef name = member.name;
    name.consume_back(".npy");
    entry.name = name;
    if (llvm::Error error = parseNpy(
            *data, (file.path + ": member '" + member.name + "'").str(), entry))
      return error;
    if (llvm::Error error = file.add(std::move(entry)))
      return error;
  }
  return file;
}

namespace {
/// Little-endian fields appended to a string.
struct FieldWriter {
  std::string bytes;
  FieldWriter &u16(uint64_t value) { return put(value, 2); }
  FieldWriter &u32(uint64_t value) { return put(value, 4); }
  FieldWriter &put(uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i)
      bytes += static_cast<char>(value >> (8 * i));
    return *this;
  }
};
} // namespace

/// The fields that a local and a central header share, from "version needed"
/// to the length of the extra field.
static void putCommonFields(FieldWriter &out, uint32_t crc, uint64_t size,
                            size_t nameSize) {
  out.u16(20).u16(0).u16(0).u16(0).u16(0x21); // stored, 1980-01-01
  out.u32(crc).u32(size).u32(size).u16(nameSize).u16(0);
}

llvm::Error hdp::writeNpz(llvm::StringRef path,
                          llvm::ArrayRef<NamedTensor> tensors) {
  uint64_t total = 0;
  for (const NamedTensor &named : tensors)
    total += 2 * named.tensor.getNumBytes() + named.name.size() * 2 + 1024;
  if (total > 0xffffffff || tensors.size() > 0xffff)
    return makeError(path + ": more than an .npz file without 64-bit sizes "
                            "holds");
  return writeOutputFile(path, [&](llvm::raw_ostream &os) -> llvm::Error {
    FieldWriter central;
    uint64_t offset = 0;
    for (const NamedTensor &named : tensors) {
      const HostTensor *tensor = &named.tensor;
      HostTensor widened;
      if (tensor->getElementType() == ElementType::BF16) {
        widened = llvm::cantFail(convertTo(*tensor, ElementType::F32));
        tensor = &widened;
      }
      std::string name = named.name + ".npy", header = makeNpyHeader(*tensor);
      llvm::StringRef data(tensor->getData(), tensor->getNumBytes());
      uint64_t size = header.size() + data.size();
      uint32_t crc = computeCrc(data, computeCrc(header));
      FieldWriter local;
      local.u32(kLocalHeader);
      putCommonFields(local, crc, size, name.size());
      os << local.bytes << name << header << data;
      central.u32(kCentralHeader).u16(20);
      putCommonFields(central, crc, size, name.size());
      central.u16(0).u16(0).u16(0).u32(0).u32(offset);
      central.bytes += name;
      offset += local.bytes.size() + name.size() + size;
    }
    FieldWriter end;
    end.u32(kEndRecord).u16(0).u16(0).u16(tensors.size()).u16(tensors.size());
    end.u32(central.bytes.size()).u32(offset).u16(0);
    os << central.bytes << end.bytes;
    return llvm::Error::success();
  });
}
