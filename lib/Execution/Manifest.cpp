//===- Manifest.cpp - reading a manifest and checking it ------------------===//

#include "hdp/Execution/Manifest.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/Json.h"
#include "hdp/Support/TensorFile.h"
#include "llvm/Support/Path.h"

using namespace hdp;
using llvm::json::Array;
using llvm::json::Object;

namespace {
/// Reads the parts of a manifest; `path` starts every error.
struct ManifestParser {
  llvm::StringRef path;

  llvm::Error refuse(const llvm::Twine &where, const llvm::Twine &what) const {
    return makeError(path + ": " + where + ": " + what);
  }

  /// `object[key]` as text that is not empty.
  llvm::Expected<std::string> parseString(const Object &object,
                                          llvm::StringRef key,
                                          const llvm::Twine &where) const {
    std::optional<llvm::StringRef> text = object.getString(key);
    if (!text || text->empty())
      return refuse(where, "expected a string");
    return text->str();
  }

  llvm::Error parseEntry(const llvm::json::Value &value,
                         const llvm::Twine &where, ManifestEntry &entry) const;
  llvm::Error parseEntries(const Object &object, llvm::StringRef key,
                           llvm::StringRef where,
                           std::vector<ManifestEntry> &entries) const;
  /// A path in the manifest, relative to the manifest's folder.
  std::string resolve(llvm::StringRef file) const {
    if (llvm::sys::path::is_absolute(file))
      return file.str();
    llvm::SmallString<256> full(llvm::sys::path::parent_path(path));
    llvm::sys::path::append(full, file);
    return full.str().str();
  }
};
} // namespace

/// `[1, 98, 40]`
static std::string formatShape(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t d = 0; d < shape.size(); ++d)
    text += (d ? ", " : "") + std::to_string(shape[d]);
  return text + "]";
}

/// `weights.arguments[3] 'name'`
static std::string locate(llvm::StringRef list, size_t position,
                          llvm::StringRef name) {
  return (list + "[" + llvm::Twine(position) + "] '" + name + "'").str();
}

llvm::Error ManifestParser::parseEntry(const llvm::json::Value &value,
                                       const llvm::Twine &where,
                                       ManifestEntry &entry) const {
  const Object *object = value.getAsObject();
  if (!object)
    return refuse(where, "expected an object");
  llvm::Expected<std::string> name =
      parseString(*object, "name", where + ".name");
  if (!name)
    return name.takeError();
  entry.name = *name;
  std::string named = (where + " '" + entry.name + "'").str();

  std::optional<int64_t> index = object->getInteger("index");
  if (!index || *index < 0)
    return refuse(named, "index: expected an integer from 0");
  entry.index = *index;

  std::optional<llvm::StringRef> typeText = object->getString("type");
  if (!typeText)
    return refuse(named, "type: expected a string");
  std::optional<ElementType> type = parseElementType(*typeText);
  if (!type)
    return refuse(named, "type: '" + *typeText +
                             "', expected i1, i8, i16, i32, i64, f16, bf16, "
                             "f32 or f64");
  entry.type = *type;

  const Array *shape = object->getArray("shape");
  if (!shape)
    return refuse(named, "shape: expected an array");
  for (const llvm::json::Value &size : *shape) {
    std::optional<int64_t> number = size.getAsInteger();
    if (!number || *number < 1)
      return refuse(named, "shape: expected sizes of at least 1");
    entry.shape.push_back(*number);
  }
  if (!computeNumBytes(entry.type, entry.shape))
    return refuse(named, "shape: " + formatShape(entry.shape) +
                             " does not fit 63 bits");
  return llvm::Error::success();
}

llvm::Error
ManifestParser::parseEntries(const Object &object, llvm::StringRef key,
                             llvm::StringRef where,
                             std::vector<ManifestEntry> &entries) const {
  const Array *array = object.getArray(key);
  if (!array)
    return refuse(where, "expected an array");
  for (size_t i = 0; i < array->size(); ++i) {
    ManifestEntry entry;
    if (llvm::Error error =
            parseEntry((*array)[i], where + "[" + llvm::Twine(i) + "]", entry))
      return error;
    entries.push_back(std::move(entry));
  }
  return llvm::Error::success();
}

llvm::Expected<Manifest> Manifest::load(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return makeFileError(path, buffer.getError());
  return parse((*buffer)->getBuffer(), path);
}

llvm::Expected<Manifest> Manifest::parse(llvm::StringRef text,
                                         llvm::StringRef path) {
  ManifestParser parser{path};
  Manifest manifest;
  manifest.path = path.str();
  llvm::Expected<llvm::json::Value> value = parseJson(text, path);
  if (!value)
    return value.takeError();
  const Object *root = value->getAsObject();
  if (!root)
    return makeError(path + ": expected a json object");

  llvm::Expected<std::string> function =
      parser.parseString(*root, "function", "function");
  if (!function)
    return function.takeError();
  manifest.function = *function;
  if (llvm::Error error =
          parser.parseEntries(*root, "inputs", "inputs", manifest.inputs))
    return error;
  if (llvm::Error error =
          parser.parseEntries(*root, "results", "results", manifest.results))
    return error;

  if (root->get("weights")) {
    const Object *weights = root->getObject("weights");
    if (!weights)
      return parser.refuse("weights", "expected an object");
    llvm::Expected<std::string> file =
        parser.parseString(*weights, "file", "weights.file");
    if (!file)
      return file.takeError();
    manifest.weightsFile = parser.resolve(*file);
    if (llvm::Error error = parser.parseEntries(
            *weights, "arguments", "weights.arguments", manifest.weights))
      return error;
  }

  if (!root->get("dataset"))
    return manifest;
  const Object *dataset = root->getObject("dataset");
  if (!dataset)
    return parser.refuse("dataset", "expected an object");
  llvm::Expected<std::string> file =
      parser.parseString(*dataset, "file", "dataset.file");
  if (!file)
    return file.takeError();
  manifest.dataSetFile = parser.resolve(*file);
  const Object *bound = dataset->getObject("inputs");
  if (!bound)
    return parser.refuse("dataset.inputs", "expected an object");
  for (const auto &[key, tensor] : *bound) {
    std::string input = key.str();
    if (llvm::none_of(manifest.inputs, [&](const ManifestEntry &entry) {
          return entry.name == input;
        }))
      return parser.refuse("dataset.inputs",
                           "'" + input + "' is not the name of an input");
    if (!tensor.getAsString())
      return parser.refuse("dataset.inputs." + input, "expected a string");
    manifest.dataSetInputs[input] = tensor.getAsString()->str();
  }
  for (size_t i = 0; i < manifest.inputs.size(); ++i)
    if (!manifest.dataSetInputs.count(manifest.inputs[i].name))
      return parser.refuse(locate("inputs", i, manifest.inputs[i].name),
                           "dataset.inputs has no tensor for it");
  if (dataset->get("labels")) {
    llvm::Expected<std::string> labels =
        parser.parseString(*dataset, "labels", "dataset.labels");
    if (!labels)
      return labels.takeError();
    manifest.labelsTensor = *labels;
  }
  return manifest;
}

/// Matches entries with the values that they index; `seen` remembers which
/// entry took a value.
static llvm::Error checkEntries(llvm::StringRef path, llvm::StringRef list,
                                llvm::StringRef kind,
                                llvm::ArrayRef<ManifestEntry> entries,
                                llvm::ArrayRef<ValueType> types,
                                std::vector<std::string> &seen) {
  for (size_t i = 0; i < entries.size(); ++i) {
    const ManifestEntry &entry = entries[i];
    std::string where = locate(list, i, entry.name);
    auto refuse = [&](const llvm::Twine &what) {
      return makeError(path + ": " + where + ": " + what);
    };
    if (static_cast<size_t>(entry.index) >= types.size())
      return refuse("index " + llvm::Twine(entry.index) +
                    ", the function has " + llvm::Twine(types.size()) + " " +
                    kind + "s");
    std::string &taken = seen[entry.index];
    if (!taken.empty())
      return refuse("index " + llvm::Twine(entry.index) + " is taken by " +
                    taken);
    taken = where;
    const ValueType &expected = types[entry.index];
    if (!accepts(expected, entry.type, entry.shape))
      return refuse("expected " + formatType(expected) + ", found " +
                    formatType(ValueType{entry.type, entry.shape}));
  }
  return llvm::Error::success();
}

llvm::Error Manifest::check(llvm::ArrayRef<ValueType> arguments,
                            llvm::ArrayRef<ValueType> functionResults) const {
  std::vector<std::string> seen(arguments.size());
  if (llvm::Error error =
          checkEntries(path, "inputs", "argument", inputs, arguments, seen))
    return error;
  if (llvm::Error error = checkEntries(path, "weights.arguments", "argument",
                                       weights, arguments, seen))
    return error;
  std::vector<std::string> seenResults(functionResults.size());
  if (llvm::Error error = checkEntries(path, "results", "result", results,
                                       functionResults, seenResults))
    return error;
  for (size_t i = 0; i < seen.size(); ++i)
    if (seen[i].empty())
      return makeError(path +
                       ": inputs and weights.arguments: no entry for "
                       "argument " +
                       llvm::Twine(i) + " of '" + function + "', a " +
                       formatType(arguments[i]));
  for (size_t i = 0; i < seenResults.size(); ++i)
    if (seenResults[i].empty())
      return makeError(path + ": results: no entry for result " +
                       llvm::Twine(i) + " of '" + function + "', a " +
                       formatType(functionResults[i]));
  return llvm::Error::success();
}
