//===- Npy.cpp - numpy's array format -------------------------------------===//
//
// `\x93NUMPY`, two version bytes, the header's length, and a Python literal
// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, then elements.
//
//===----------------------------------------------------------------------===//

#include "NpyFormat.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/FileOutput.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Path.h"

using namespace hdp;

static constexpr llvm::StringLiteral kMagic("\x93NUMPY");

static std::optional<ElementType> parseDescr(llvm::StringRef descr) {
  return llvm::StringSwitch<std::optional<ElementType>>(descr)
      .Case("|b1", ElementType::I1)
      .Case("|u1", ElementType::U8)
      .Case("|i1", ElementType::I8)
      .Case("<i2", ElementType::I16)
      .Case("<i4", ElementType::I32)
      .Case("<i8", ElementType::I64)
      .Case("<f2", ElementType::F16)
      .Case("<f4", ElementType::F32)
      .Case("<f8", ElementType::F64)
      .Default(std::nullopt);
}

static llvm::StringRef getDescr(ElementType type) {
  switch (type) {
  case ElementType::I1:
    return "|b1";
  case ElementType::U8:
    return "|u1";
  case ElementType::I8:
    return "|i1";
  case ElementType::I16:
    return "<i2";
  case ElementType::I32:
    return "<i4";
  case ElementType::I64:
    return "<i8";
  case ElementType::F16:
    return "<f2";
  case ElementType::F32:
    return "<f4";
  case ElementType::F64:
    return "<f8";
  case ElementType::BF16:
    break; // widened before it is written
  }
  llvm_unreachable("bf16 has no npy type");
}

namespace {
/// A reader of the header's dictionary: just what numpy writes there.
class DictReader {
public:
  explicit DictReader(llvm::StringRef text) : text(text) {}

  /// Skips blanks, then `token` if it is next.
  bool consume(llvm::StringRef token) {
    text = text.ltrim();
    return text.consume_front(token);
  }

  /// A quoted string.
  bool parseString(llvm::StringRef &value) {
    text = text.ltrim();
    if (text.empty() || (text[0] != '\'' && text[0] != '"'))
      return false;
    size_t end = text.find(text[0], 1);
    if (end == llvm::StringRef::npos)
      return false;
    value = text.slice(1, end);
    text = text.substr(end + 1);
    return true;
  }

  bool parseBool(bool &value) {
    value = consume("True");
    return value || consume("False");
  }

  /// `()`, `(2,)`, `(2, 3)`; Python 2 wrote `2L`.
  bool parseShape(llvm::SmallVectorImpl<int64_t> &shape) {
    if (!consume("("))
      return false;
    while (!consume(")")) {
      text = text.ltrim();
      int64_t size = 0;
      if (text.consumeInteger(10, size) || size < 0)
        return false;
      text.consume_front("L");
      shape.push_back(size);
      if (consume(")"))
        return true;
      if (!consume(","))
        return false;
    }
    return true;
  }

private:
  llvm::StringRef text;
};
} // namespace

/// Reads the dictionary; false when it is not one.
static bool parseHeader(llvm::StringRef text, llvm::StringRef &descr,
                        bool &isColumnMajor,
                        llvm::SmallVectorImpl<int64_t> &shape) {
  DictReader reader(text);
  bool hasDescr = false, hasOrder = false, hasShape = false;
  if (!reader.consume("{"))
    return false;
  while (!reader.consume("}")) {
    llvm::StringRef key;
    if (!reader.parseString(key) || !reader.consume(":"))
      return false;
    if (key == "descr" && !hasDescr)
      hasDescr = reader.parseString(descr);
    else if (key == "fortran_order" && !hasOrder)
      hasOrder = reader.parseBool(isColumnMajor);
    else if (key == "shape" && !hasShape)
      hasShape = reader.parseShape(shape);
    else
      return false;
    if (!reader.consume(",") && !reader.consume("}"))
      return false;
    if (hasDescr && hasOrder && hasShape)
      return true;
  }
  return false;
}

llvm::Error hdp::parseNpy(llvm::StringRef bytes, llvm::StringRef what,
                          TensorFile::Entry &entry) {
  size_t fileSize = bytes.size();
  if (!bytes.consume_front(kMagic) || bytes.size() < 4)
    return makeError(what + ": not an npy array");
  unsigned version = static_cast<unsigned char>(bytes[0]);
  bytes = bytes.substr(2);
  uint64_t headerSize = 0;
  if (version == 1) {
    headerSize = llvm::support::endian::read16le(bytes.data());
    bytes = bytes.substr(2);
  } else if (version == 2 || version == 3) {
    if (bytes.size() < 4)
      return makeError(what + ": not an npy array");
    headerSize = llvm::support::endian::read32le(bytes.data());
    bytes = bytes.substr(4);
  } else {
    return makeError(what + ": npy version " + llvm::Twine(version) +
                     ", expected 1, 2 or 3");
  }
  if (headerSize > bytes.size())
    return makeError(what + ": the npy header takes " +
                     llvm::Twine(headerSize) + " bytes, " +
                     llvm::Twine(bytes.size()) + " are left");
  llvm::StringRef descr;
  if (!parseHeader(bytes.take_front(headerSize), descr, entry.isColumnMajor,
                   entry.shape))
    return makeError(what + ": the npy header is not {'descr': .., "
                            "'fortran_order': .., 'shape': ..}");
  bytes = bytes.substr(headerSize);
  std::optional<ElementType> type = parseDescr(descr);
  if (!type) {
    entry.problem = "has the unsupported npy type '" + descr.str() + "'";
    return llvm::Error::success();
  }
  entry.type = *type;
  std::optional<int64_t> numBytes = computeNumBytes(*type, entry.shape);
  if (!numBytes)
    return makeError(what + ": a shape whose size in bytes does not fit 63 "
                            "bits");
  if (static_cast<uint64_t>(*numBytes) != bytes.size())
    return makeError(what + ": the array ends at byte " +
                     llvm::Twine(fileSize - bytes.size() + *numBytes) +
                     ", the file has " + llvm::Twine(fileSize));
  entry.data = bytes;
  return llvm::Error::success();
}

std::string hdp::makeNpyHeader(const HostTensor &tensor) {
  std::string dict;
  llvm::raw_string_ostream os(dict);
  os << "{'descr': '" << getDescr(tensor.getElementType())
     << "', 'fortran_order': False, 'shape': (";
  llvm::interleaveComma(tensor.getShape(), os);
  os << (tensor.getRank() == 1 ? ",), }" : "), }");
  // Magic, version and length take ten bytes; elements start at a multiple of
  // 64.
  dict.append((64 - (10 + dict.size() + 1) % 64) % 64, ' ');
  dict += '\n';
  char length[2];
  llvm::support::endian::write16le(length, static_cast<uint16_t>(dict.size()));
  return (kMagic + llvm::StringRef("\x01\x00", 2) + llvm::StringRef(length, 2) +
          dict)
      .str();
}

llvm::Expected<TensorFile>
TensorFile::readNpy(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  llvm::StringRef bytes = buffer->getBuffer();
  TensorFile file(std::move(buffer));
  Entry entry;
  entry.name = llvm::sys::path::stem(file.path);
  if (llvm::Error error = parseNpy(bytes, file.path, entry))
    return error;
  if (llvm::Error error = file.add(std::move(entry)))
    return error;
  return file;
}

llvm::Error hdp::writeNpy(llvm::StringRef path, const HostTensor &tensor) {
  if (tensor.getElementType() == ElementType::BF16)
    return writeNpy(path, llvm::cantFail(convertTo(tensor, ElementType::F32)));
  return writeOutputFile(path, [&](llvm::raw_ostream &os) {
    os << makeNpyHeader(tensor);
    os.write(tensor.getData(), tensor.getNumBytes());
    return llvm::Error::success();
  });
}
