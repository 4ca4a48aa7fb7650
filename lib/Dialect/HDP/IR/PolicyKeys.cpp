//===- PolicyKeys.cpp - the table of keys ---------------------------------===//

#include "PolicyKeys.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace hdp;
using namespace hdp::detail;
using numerics::Policy;

namespace {

template <auto Field> void setInteger(Policy &p, const KeyValue &v) {
  p.*Field = v.first;
}
template <auto Field> KeyValue getInteger(const Policy &p) {
  KeyValue v;
  v.first = p.*Field;
  return v;
}
template <auto Field> void setWord(Policy &p, const KeyValue &v) {
  using Enum = std::remove_reference_t<decltype(p.*Field)>;
  p.*Field = static_cast<Enum>(v.word);
}
template <auto Field> KeyValue getWord(const Policy &p) {
  KeyValue v;
  v.word = static_cast<unsigned>(p.*Field);
  return v;
}

} // namespace

/// Words stand in the order of their enumerators in Numerics/Policy.h.
llvm::ArrayRef<Key> detail::getKeys() {

  static const llvm::SmallVector<Key> keys = {
      {"format",
       ValueKind::Format,
       {},
       [](Policy &p, const KeyValue &v) { p.format = {v.first, v.second}; },
       [](const Policy &p) {
         return KeyValue{p.format.integerBits, p.format.fractionBits, 0.0, 0};
       }},
      {"value_format",
       ValueKind::Format,
       {},
       [](Policy &p, const KeyValue &v) {
         // V has four integer bits; any other number is kept as an invalid VF.
         p.valueFractionBits = v.first == 4 ? v.second : -1;
       },
       [](const Policy &p) {
         return KeyValue{4, p.valueFractionBits, 0.0, 0};
       }},
      {"exponents",
       ValueKind::Word,
       {"static", "dynamic"},
       setWord<&Policy::exponents>,
       getWord<&Policy::exponents>},
      {"sq",
       ValueKind::Integer,
       {},
       setInteger<&Policy::sq>,
       getInteger<&Policy::sq>},
      {"sk",
       ValueKind::Integer,
       {},
       setInteger<&Policy::sk>,
       getInteger<&Policy::sk>},
      {"sv",
       ValueKind::Integer,
       {},
       setInteger<&Policy::sv>,
       getInteger<&Policy::sv>},
      {"split",
       ValueKind::Word,
       {"floor", "nearest"},
       setWord<&Policy::split>,
       getWord<&Policy::split>},
      {"importance",
       ValueKind::Word,
       {"abs", "signed"},
       setWord<&Policy::importance>,
       getWord<&Policy::importance>},
      {"products",
       ValueKind::Word,
       {"cross", "full"},
       setWord<&Policy::products>,
       getWord<&Policy::products>},
      {"pruned",
       ValueKind::Word,
       {"dropped", "compensated"},
       setWord<&Policy::pruned>,
       getWord<&Policy::pruned>},
      {"group",
       ValueKind::Integer,
       {},
       setInteger<&Policy::group>,
       getInteger<&Policy::group>},
      {"block",
       ValueKind::Block,
       {},
       [](Policy &p, const KeyValue &v) {
         p.blockRows = v.first;
         p.blockCols = v.second;
       },
       [](const Policy &p) {
         return KeyValue{p.blockRows, p.blockCols, 0.0, 0};
       }},
      {"rho",
       ValueKind::Real,
       {},
       [](Policy &p, const KeyValue &v) {
         p.selection = numerics::Selection::Rho;
         p.threshold = v.real;
       },
       [](const Policy &p) { return KeyValue{0, 0, p.threshold, 0}; }},
      {"keep",
       ValueKind::Real,
       {},
       [](Policy &p, const KeyValue &v) {
         p.selection = numerics::Selection::TopK;
         p.threshold = v.real;
       },
       [](const Policy &p) { return KeyValue{0, 0, p.threshold, 0}; }},
      {"measure",
       ValueKind::Word,
       {"magnitude", "spread"},
       setWord<&Policy::measure>,
       getWord<&Policy::measure>},
      {"tau",
       ValueKind::Real,
       {},
       [](Policy &p, const KeyValue &v) { p.tau = v.real; },
       [](const Policy &p) { return KeyValue{0, 0, p.tau, 0}; }},
      {"gated",
       ValueKind::Word,
       {"zero", "mean"},
       setWord<&Policy::gated>,
       getWord<&Policy::gated>},
      {"reciprocal",
       ValueKind::Word,
       {"linear", "exact"},
       setWord<&Policy::reciprocal>,
       getWord<&Policy::reciprocal>},
  };
  return keys;
}

const Key *detail::findKey(llvm::StringRef name) {
  for (const Key &key : getKeys())
    if (key.name == name)
      return &key;
  return nullptr;
}

std::string detail::listKeys() {
  return llvm::join(
      llvm::map_range(getKeys(), [](const Key &k) { return k.name.str(); }),
      ", ");
}

bool detail::differs(const Key &key, const Policy &a, const Policy &b) {
  if (key.name == "rho")
    return a.selection == numerics::Selection::Rho &&
           (b.selection != a.selection || a.threshold != b.threshold);
  if (key.name == "keep")
    return a.selection == numerics::Selection::TopK &&
           (b.selection != a.selection || a.threshold != b.threshold);
  KeyValue x = key.get(a), y = key.get(b);
  return x.first != y.first || x.second != y.second || x.real != y.real ||
         x.word != y.word;
}

std::optional<Policy> detail::getPreset(llvm::StringRef name) {
  if (name == "paper")
    return numerics::paperPolicy();
  if (name == "compensated")
    return numerics::compensatedPolicy();
  return std::nullopt;
}
