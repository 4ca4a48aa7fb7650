//===- PolicyAttr.cpp - #hdp.policy: two spellings, one printer -----------===//
//
// The attribute's syntax and the command line's set the same fields through the
// table of PolicyKeys.h; the verifier holds the ranges of N0 that need no
// shape.
//
//===----------------------------------------------------------------------===//

#include "PolicyKeys.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "hdp/Numerics/Limits.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::detail;
using numerics::Policy;

namespace {

/// The keys set so far: none twice, and not both `rho` and `keep`.
class SeenKeys {
public:
  LogicalResult add(const Key &key,
                    function_ref<InFlightDiagnostic()> emitError) {
    for (StringRef name : seen) {
      if (name == key.name)
        return emitError() << "policy key '" << name << "' is given twice";
      if ((name == "rho" && key.name == "keep") ||
          (name == "keep" && key.name == "rho"))
        return emitError() << "policy takes 'rho' or 'keep', found both";
    }
    seen.push_back(key.name);
    return success();
  }

private:
  SmallVector<StringRef> seen;
};

/// The shortest decimal that reads back as `value`, in MLIR's float syntax
/// (digits, a point, digits, optional exponent); `nan` and `inf`, which no
/// policy holds, are for messages.
std::string formatReal(double value) {
  std::string text;
  if (!std::isfinite(value)) {
    llvm::raw_string_ostream(text) << llvm::format("%g", value);
    return text;
  }
  for (int precision = 1; precision <= 17; ++precision) {
    text.clear();
    llvm::raw_string_ostream(text) << llvm::format("%.*g", precision, value);
    if (std::strtod(text.c_str(), nullptr) == value)
      break;
  }
  size_t exponent = text.find('e');
  std::string mantissa = text.substr(0, exponent);
  if (mantissa.find('.') == std::string::npos)
    mantissa += ".0";
  return mantissa +
         (exponent == std::string::npos ? "" : text.substr(exponent));
}

void printValue(raw_ostream &os, const Key &key, const Policy &policy) {
  KeyValue value = key.get(policy);
  switch (key.kind) {
  case ValueKind::Format:
    os << "fixed<" << value.first << ", " << value.second << ">";
    return;
  case ValueKind::Block:
    os << value.first << "x" << value.second;
    return;
  case ValueKind::Integer:
    os << value.first;
    return;
  case ValueKind::Real:
    os << formatReal(value.real);
    return;
  case ValueKind::Word:
    os << key.words[value.word];
    return;
  }
}

/// Reads a value in the attribute's syntax.
FailureOr<KeyValue> parseValue(AsmParser &parser, const Key &key) {
  KeyValue value;
  SMLoc loc = parser.getCurrentLocation();
  switch (key.kind) {
  case ValueKind::Format:
    if (parser.parseKeyword("fixed") || parser.parseLess() ||
        parser.parseInteger(value.first) || parser.parseComma() ||
        parser.parseInteger(value.second) || parser.parseGreater())
      return failure();
    return value;
  case ValueKind::Block: {
    SmallVector<int64_t> sizes;
    if (parser.parseDimensionList(sizes, /*allowDynamic=*/false,
                                  /*withTrailingX=*/false))
      return failure();
    if (sizes.size() != 2)
      return parser.emitError(loc)
             << "expected a block of two sizes such as 2x1, found "
             << sizes.size();
    value.first = sizes[0];
    value.second = sizes[1];
    return value;
  }
  case ValueKind::Integer:
    if (parser.parseInteger(value.first))
      return failure();
    return value;
  case ValueKind::Real: {
    Attribute attr;
    if (parser.parseAttribute(attr))
      return failure();
    if (auto real = dyn_cast<FloatAttr>(attr)) {
      value.real = real.getValueAsDouble() + 0.0; // -0 becomes 0
      return value;
    }
    if (auto integer = dyn_cast<IntegerAttr>(attr)) {
      value.real = static_cast<double>(integer.getValue().getSExtValue());
      return value;
    }
    return parser.emitError(loc) << "expected a real number for policy key '"
                                 << key.name << "', found " << attr;
  }
  case ValueKind::Word: {
    StringRef word;
    if (parser.parseKeyword(&word))
      return failure();
    const auto *it = llvm::find(key.words, word);
    if (it == key.words.end())
      return parser.emitError(loc)
             << "expected " << llvm::join(key.words, " or ")
             << " for policy key '" << key.name << "', found '" << word << "'";
    value.word = it - key.words.begin();
    return value;
  }
  }
  return failure();
}

/// Reads a value in the command line's syntax.
FailureOr<KeyValue> parseValue(StringRef text, const Key &key,
                               function_ref<InFlightDiagnostic()> emitError) {
  KeyValue value;
  auto expected = [&](StringRef what) {
    return emitError() << "expected " << what << " for policy key '" << key.name
                       << "', found '" << text << "'";
  };
  switch (key.kind) {
  case ValueKind::Format: {
    auto [integer, fraction] = text.split('.');
    if (integer.getAsInteger(10, value.first) ||
        fraction.getAsInteger(10, value.second))
      return expected("a format such as 4.8");
    return value;
  }
  case ValueKind::Block: {
    auto [rows, cols] = text.split('x');
    if (rows.getAsInteger(10, value.first) ||
        cols.getAsInteger(10, value.second))
      return expected("a block such as 2x1");
    return value;
  }
  case ValueKind::Integer:
    if (text.getAsInteger(10, value.first))
      return expected("an integer");
    return value;
  case ValueKind::Real:
    if (text.getAsDouble(value.real, /*AllowInexact=*/true))
      return expected("a real number");
    value.real += 0.0; // -0 becomes 0
    return value;
  case ValueKind::Word: {
    const auto *it = llvm::find(key.words, text);
    if (it == key.words.end())
      return expected(llvm::join(key.words, " or "));
    value.word = it - key.words.begin();
    return value;
  }
  }
  return failure();
}

} // namespace

Attribute PolicyAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  auto emitErrorAt = [&](SMLoc at) {
    return [&parser, at] { return parser.emitError(at); };
  };
  StringRef name;
  if (parser.parseLess() || parser.parseKeyword(&name))
    return {};
  std::optional<Policy> policy = getPreset(name);
  if (!policy) {
    parser.emitError(loc) << "unknown policy preset '" << name
                          << "', expected paper or compensated";
    return {};
  }
  SeenKeys seen;
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc keyLoc = parser.getCurrentLocation();
    StringRef keyName;
    if (parser.parseKeyword(&keyName))
      return {};
    const Key *key = findKey(keyName);
    if (!key) {
      parser.emitError(keyLoc) << "unknown policy key '" << keyName
                               << "', expected one of " << listKeys();
      return {};
    }
    if (parser.parseEqual() || failed(seen.add(*key, emitErrorAt(keyLoc))))
      return {};
    FailureOr<KeyValue> value = parseValue(parser, *key);
    if (failed(value))
      return {};
    key->set(*policy, *value);
  }
  if (parser.parseGreater())
    return {};
  return PolicyAttr::getChecked(emitErrorAt(loc), parser.getContext(), *policy);
}

void PolicyAttr::print(AsmPrinter &printer) const {
  const Policy &policy = getValue();
  auto countDifferences = [&](const Policy &preset) {
    return llvm::count_if(
        getKeys(), [&](const Key &k) { return differs(k, policy, preset); });
  };
  bool isPaper = countDifferences(numerics::paperPolicy()) <
                 countDifferences(numerics::compensatedPolicy());
  Policy preset =
      isPaper ? numerics::paperPolicy() : numerics::compensatedPolicy();
  raw_ostream &os = printer.getStream();
  os << "<" << (isPaper ? "paper" : "compensated");
  for (const Key &key : getKeys())
    if (differs(key, policy, preset)) {
      os << ", " << key.name << " = ";
      printValue(os, key, policy);
    }
  os << ">";
}

LogicalResult PolicyAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 Policy p) {
  // The derived integers exist only for reals of a moderate size.
  if (!(std::fabs(p.threshold) <= 1e6))
    return emitError() << "expected rho or keep of at most 1 in magnitude, "
                          "found "
                       << formatReal(p.threshold);
  if (!(std::fabs(p.tau) <= 1e12))
    return emitError() << "expected |rint(256 tau)| < 2^31, found tau = "
                       << formatReal(p.tau);
  if (std::optional<std::string> message = numerics::checkPolicy(p))
    return emitError() << *message;
  const std::pair<StringRef, int64_t> exponents[] = {
      {"sq", p.sq}, {"sk", p.sk}, {"sv", p.sv}};
  for (auto [name, exponent] : exponents)
    if (p.exponents == numerics::Exponents::Dynamic && exponent != 0)
      return emitError() << "expected no static exponent with exponents = "
                            "dynamic, found "
                         << name << " = " << exponent;
  return success();
}

FailureOr<PolicyAttr>
hdp::parsePolicy(MLIRContext *context, StringRef text,
                 function_ref<InFlightDiagnostic()> emitError) {
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  std::optional<Policy> policy = getPreset(parts.front());
  if (!policy)
    return emitError() << "unknown policy preset '" << parts.front()
                       << "', expected paper or compensated";
  SeenKeys seen;
  for (StringRef part : ArrayRef(parts).drop_front()) {
    auto [name, valueText] = part.split('=');
    const Key *key = findKey(name);
    if (!key)
      return emitError() << "unknown policy key '" << name
                         << "', expected one of " << listKeys();
    if (failed(seen.add(*key, emitError)))
      return failure();
    FailureOr<KeyValue> value = parseValue(valueText, *key, emitError);
    if (failed(value))
      return failure();
    key->set(*policy, *value);
  }
  PolicyAttr attr = PolicyAttr::getChecked(emitError, context, *policy);
  if (!attr)
    return failure();
  return attr;
}
