//===- Safetensors.cpp - header length, JSON header, raw data -------------===//
//
// A file is an 8-byte little-endian length, that many bytes of JSON
// ({name: {dtype, shape, data_offsets: [begin, end]}}, offsets counted from
// the end of the header), then the data, without holes or overlaps.
//
//===----------------------------------------------------------------------===//

#include "hdp/Support/Error.h"
#include "hdp/Support/FileOutput.h"
#include "hdp/Support/Json.h"
#include "hdp/Support/TensorFile.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"

using namespace hdp;

static std::optional<ElementType> parseDtype(llvm::StringRef dtype) {
  return llvm::StringSwitch<std::optional<ElementType>>(dtype)
      .Case("BOOL", ElementType::I1)
      .Case("U8", ElementType::U8)
      .Case("I8", ElementType::I8)
      .Case("I16", ElementType::I16)
      .Case("I32", ElementType::I32)
      .Case("I64", ElementType::I64)
      .Case("F16", ElementType::F16)
      .Case("BF16", ElementType::BF16)
      .Case("F32", ElementType::F32)
      .Case("F64", ElementType::F64)
      .Default(std::nullopt);
}

static std::string getDtype(ElementType type) {
  if (type == ElementType::I1)
    return "BOOL";
  if (type == ElementType::U8)
    return "U8";
  return stringify(type).upper();
}

namespace {
/// Where a tensor's bytes are, counted from the start of the file.
struct Span {
  uint64_t begin = 0, end = 0;
};
} // namespace

/// Reads `{dtype, shape, data_offsets}`; the returned text says what is wrong
/// with it. `dataStart` is where offset 0 lies in the file.
static std::string parseTensor(const llvm::json::Value &value,
                               uint64_t dataStart, TensorFile::Entry &entry,
                               Span &span) {
  const llvm::json::Object *object = value.getAsObject();
  const llvm::json::Array *shape = object ? object->getArray("shape") : nullptr;
  const llvm::json::Array *offsets =
      object ? object->getArray("data_offsets") : nullptr;
  std::optional<llvm::StringRef> dtype;
  if (object)
    dtype = object->getString("dtype");
  if (!dtype || !shape || !offsets || offsets->size() != 2)
    return "must have dtype, shape and data_offsets [begin, end]";
  for (const llvm::json::Value &size : *shape) {
    std::optional<int64_t> number = size.getAsInteger();
    if (!number || *number < 0)
      return "has a size that is not a non-negative integer";
    entry.shape.push_back(*number);
  }
  std::optional<int64_t> begin = (*offsets)[0].getAsInteger();
  std::optional<int64_t> end = (*offsets)[1].getAsInteger();
  if (!begin || !end || *begin < 0 || *end < *begin)
    return "has data_offsets that are not 0 <= begin <= end";
  // Both terms are below 2^63.
  span = {dataStart + *begin, dataStart + *end};

  std::optional<ElementType> type = parseDtype(*dtype);
  if (!type) {
    entry.problem = "has the unsupported dtype '" + dtype->str() + "'";
    return "";
  }
  entry.type = *type;
  std::optional<int64_t> numBytes = computeNumBytes(*type, entry.shape);
  if (!numBytes)
    return "has a shape whose size in bytes does not fit 63 bits";
  if (*numBytes != *end - *begin)
    return "takes " + std::to_string(*end - *begin) +
           " bytes, its dtype and shape need " + std::to_string(*numBytes);
  return "";
}

llvm::Expected<TensorFile>
TensorFile::readSafetensors(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  llvm::StringRef bytes = buffer->getBuffer();
  TensorFile file(std::move(buffer));
  if (bytes.size() < 8)
    return makeError(file.path + ": not a safetensors file, it has " +
                     llvm::Twine(bytes.size()) + " bytes");
  uint64_t headerSize = llvm::support::endian::read64le(bytes.data());
  if (headerSize > bytes.size() - 8)
    return makeError(file.path + ": the header takes " +
                     llvm::Twine(headerSize) + " bytes, the file has " +
                     llvm::Twine(bytes.size() - 8) + " after its length");
  uint64_t dataStart = 8 + headerSize;
  llvm::Expected<llvm::json::Value> header =
      parseJson(bytes.substr(8, headerSize), file.path);
  if (!header)
    return header.takeError();
  const llvm::json::Object *tensors = header->getAsObject();
  if (!tensors)
    return makeError(file.path + ": the header is not a json object");

  // (span, name) in the order of the data.
  std::vector<std::pair<Span, std::string>> spans;
  std::vector<Entry> found;
  for (const auto &[key, value] : *tensors) {
    if (key == "__metadata__") {
      if (const llvm::json::Object *object = value.getAsObject())
        for (const auto &[name, text] : *object)
          file.metadata[name.str()] = text.getAsString().value_or("");
      continue;
    }
    Entry entry;
    entry.name = key.str();
    Span span;
    std::string problem = parseTensor(value, dataStart, entry, span);
    if (!problem.empty())
      return makeError(file.path + ": tensor '" + entry.name + "' " + problem);
    if (span.end > bytes.size())
      return makeError(file.path + ": tensor '" + entry.name +
                       "' ends at byte " + llvm::Twine(span.end) +
                       ", the file has " + llvm::Twine(bytes.size()));
    entry.data = bytes.slice(span.begin, span.end);
    spans.push_back({span, entry.name});
    found.push_back(std::move(entry));
  }

  llvm::sort(spans, [](const auto &a, const auto &b) {
    return std::tie(a.first.begin, a.first.end, a.second) <
           std::tie(b.first.begin, b.first.end, b.second);
  });
  uint64_t position = dataStart;
  for (const auto &[span, name] : spans) {
    if (span.begin != position)
      return makeError(file.path + ": tensor '" + name + "' starts at byte " +
                       llvm::Twine(span.begin) + ", expected " +
                       llvm::Twine(position));
    position = span.end;
  }
  if (position != bytes.size())
    return makeError(file.path + ": the tensors end at byte " +
                     llvm::Twine(position) + ", the file has " +
                     llvm::Twine(bytes.size()));

  llvm::sort(found, [](const Entry &a, const Entry &b) {
    return std::make_pair(a.data.data(), llvm::StringRef(a.name)) <
           std::make_pair(b.data.data(), llvm::StringRef(b.name));
  });
  for (Entry &entry : found)
    if (llvm::Error error = file.add(std::move(entry)))
      return error;
  return file;
}

llvm::Error
hdp::writeSafetensors(llvm::StringRef path, llvm::ArrayRef<NamedTensor> tensors,
                      const std::map<std::string, std::string> &metadata) {
  llvm::json::Object header;
  if (!metadata.empty()) {
    llvm::json::Object object;
    for (const auto &[key, text] : metadata)
      object[key] = text;
    header["__metadata__"] = std::move(object);
  }
  int64_t offset = 0;
  for (const auto &[name, tensor] : tensors) {
    int64_t end = offset + static_cast<int64_t>(tensor.getNumBytes());
    if (header.get(name))
      return makeError(path + ": tensor '" + name + "' occurs twice");
    header[name] =
        llvm::json::Object{{"dtype", getDtype(tensor.getElementType())},
                           {"shape", llvm::json::Array(tensor.getShape())},
                           {"data_offsets", llvm::json::Array{offset, end}}};
    offset = end;
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(header));
  text.append((8 - text.size() % 8) % 8, ' ');

  return writeOutputFile(path, [&](llvm::raw_ostream &os) {
    char length[8];
    llvm::support::endian::write64le(length, text.size());
    os.write(length, sizeof(length)) << text;
    for (const NamedTensor &named : tensors)
      os.write(named.tensor.getData(), named.tensor.getNumBytes());
    return llvm::Error::success();
  });
}
