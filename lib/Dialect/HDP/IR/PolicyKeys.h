//===- PolicyKeys.h - the keys of #hdp.policy -------------------*- C++ -*-===//
//
// One table says how each choice of numerics::Policy is called and written; the
// attribute's syntax, the command line's and the printer read it.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_DIALECT_HDP_IR_POLICYKEYS_H
#define HDP_LIB_DIALECT_HDP_IR_POLICYKEYS_H

#include "hdp/Numerics/Policy.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace hdp::detail {

/// How the value of a key is written.
enum class ValueKind { Format, Block, Integer, Real, Word };

/// A parsed value; what is set follows from the key's kind.
struct KeyValue {
  int64_t first = 0, second = 0; // fixed<first, second>, first x second, first
  double real = 0.0;
  unsigned word = 0; // index into the key's words
};

struct Key {
  llvm::StringRef name;
  ValueKind kind;
  llvm::SmallVector<llvm::StringRef, 2> words;
  void (*set)(numerics::Policy &, const KeyValue &);
  KeyValue (*get)(const numerics::Policy &);
};

/// The keys in the order in which they are printed.
llvm::ArrayRef<Key> getKeys();
/// The key of this name, or null.
const Key *findKey(llvm::StringRef name);
/// All names, for messages.
std::string listKeys();

/// Whether two policies differ in what a key says; `rho` and `keep` are about
/// the selection, too.
bool differs(const Key &key, const numerics::Policy &a,
             const numerics::Policy &b);

/// `paper` or `compensated`.
std::optional<numerics::Policy> getPreset(llvm::StringRef name);

} // namespace hdp::detail

#endif // HDP_LIB_DIALECT_HDP_IR_POLICYKEYS_H
