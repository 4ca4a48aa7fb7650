//===- MachineAttr.cpp - #hdpa.machine: the ARCH part of Params.def -------===//
//
// Names, order, ranges and defaults come from the machine library's table; here
// is only how they are written.
//
//===----------------------------------------------------------------------===//

#include "hdp/Dialect/HDPA/IR/HDPA.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace hdp::hdpa;
using hdp::machine::Config;

/// Indices of the ARCH parameters in getParams().
static ArrayRef<size_t> getArchIndices() {
  static const SmallVector<size_t> indices = [] {
    SmallVector<size_t> found;
    for (auto [i, param] : llvm::enumerate(hdp::machine::getParams()))
      if (param.kind == hdp::machine::ParamClass::ARCH)
        found.push_back(i);
    return found;
  }();
  return indices;
}

static SmallVector<uint64_t> getArchValues(const Config &config) {
  SmallVector<uint64_t> values;
  for (size_t index : getArchIndices())
    values.push_back(config.get(index));
  return values;
}

/// A machine with these ARCH parameters that is default otherwise.
static Config makeConfig(ArrayRef<uint64_t> values) {
  Config config;
  for (auto [index, value] : llvm::zip(getArchIndices(), values))
    config.get(index) = value;
  return config;
}

MachineAttr MachineAttr::get(MLIRContext *context, const Config &config) {
  SmallVector<uint64_t> values = getArchValues(config);
  return get(context, ArrayRef<uint64_t>(values));
}

Config MachineAttr::toConfig() const { return makeConfig(getValues()); }

Attribute MachineAttr::parse(AsmParser &parser, Type) {
  SMLoc start = parser.getCurrentLocation();
  SmallVector<uint64_t> values = getArchValues(Config());
  llvm::SmallBitVector seen(values.size());
  auto parseEntry = [&]() -> ParseResult {
    SMLoc loc = parser.getCurrentLocation();
    StringRef name;
    uint64_t value = 0;
    if (parser.parseKeyword(&name) || parser.parseEqual() ||
        parser.parseInteger(value))
      return failure();
    for (auto [i, index] : llvm::enumerate(getArchIndices())) {
      if (hdp::machine::getParams()[index].name != name)
        continue;
      if (seen.test(i))
        return parser.emitError(loc)
               << "machine parameter '" << name << "' is given twice";
      seen.set(i);
      values[i] = value;
      return success();
    }
    return parser.emitError(loc)
           << "unknown machine parameter '" << name << "', expected one of "
           << llvm::join(
                  llvm::map_range(
                      getArchIndices(),
                      [](size_t index) {
                        return hdp::machine::getParams()[index].name.str();
                      }),
                  ", ");
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::OptionalLessGreater,
                                     parseEntry))
    return {};
  return getChecked([&] { return parser.emitError(start); },
                    parser.getContext(), ArrayRef<uint64_t>(values));
}

void MachineAttr::print(AsmPrinter &printer) const {
  SmallVector<uint64_t> defaults = getArchValues(Config());
  raw_ostream &os = printer.getStream();
  os << "<";
  llvm::ListSeparator separator;
  for (auto [index, value, initial] :
       llvm::zip(getArchIndices(), getValues(), defaults))
    if (value != initial)
      os << separator << hdp::machine::getParams()[index].name << " = "
         << value;
  os << ">";
}

LogicalResult MachineAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  ArrayRef<uint64_t> values) {
  if (values.size() != getArchIndices().size())
    return emitError() << "expected " << getArchIndices().size()
                       << " machine parameters, found " << values.size();
  if (llvm::Error error = hdp::machine::checkConfig(makeConfig(values)))
    return emitError() << llvm::toString(std::move(error));
  return success();
}
