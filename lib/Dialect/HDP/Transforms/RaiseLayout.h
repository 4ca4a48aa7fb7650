//===- RaiseLayout.h - which dimension of an operand is which ---*- C++ -*-===//
//
// The canonical form of an attention is a list of dimensions (leading ones,
// rows, keys, depth, value depth), each a list of digits. An operand is
// arranged to it by reshapes and a permutation of `hdp.attention` where its
// digits allow, by a copy where they do not.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISELAYOUT_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISELAYOUT_H

#include "RaiseMatch.h"

#include "mlir/IR/Builders.h"

#include <map>
#include <set>

namespace hdp::raise {

using Digits = llvm::SmallVector<Digit, 2>;

/// The dimensions of one attention; an empty one has extent 1.
struct Dims {
  llvm::SmallVector<Digits> leading;
  Digits rows, keys, depth, valueDepth;
  /// The last leading dimension's digits that keys and values do not have.
  Digits group;

  llvm::SmallVector<Digits> query() const { return with({rows, depth}); }
  llvm::SmallVector<Digits> key() const { return with({keys, depth}, true); }
  llvm::SmallVector<Digits> value() const {
    return with({keys, valueDepth}, true);
  }
  llvm::SmallVector<Digits> scores() const { return with({rows, keys}); }
  llvm::SmallVector<Digits> result() const { return with({rows, valueDepth}); }

private:
  llvm::SmallVector<Digits> with(llvm::ArrayRef<Digits> last,
                                 bool ungrouped = false) const;
};

/// Cuts loop variables where any operand does, so that every digit of every
/// operand is a run of whole pieces.
class Cuts {
public:
  void add(const Index &index);
  bool consistent(const Expr &expr);
  Digits pieces(const Index &index) const;
  Digits pieces(const Expr &expr, unsigned atom) const;

private:
  std::map<unsigned, std::set<int64_t>> cuts;
};

/// An operand's dimensions, cut into pieces.
llvm::SmallVector<Digits> piecesOf(const Cuts &cuts, const Access &access);

/// Decides the canonical dimensions of `site`.
bool planDims(Expr &expr, const Site &site, llvm::ArrayRef<Node *> addends,
              Cuts &cuts, Dims &dims, Refusal &refusal);

/// Builds operands in canonical form. Everything it may need is known to fit
/// beforehand through `fits`.
class Arranger {
public:
  Arranger(mlir::OpBuilder &builder, mlir::Location loc, const Cuts &cuts)
      : b(builder), loc(loc), cuts(cuts) {}

  /// Whether `load` can be arranged to `dims` at all: every piece it uses is
  /// there, none twice.
  bool fits(Node *load, llvm::ArrayRef<Digits> dims) const;
  /// Remembers where the size of each dynamic piece can be read.
  void noteSizes(Node *load);
  bool knowsSizes(llvm::ArrayRef<Digits> dims) const;

  /// `load`'s tensor with the dimensions `dims`, in some order given by
  /// `perm` (identity when `perm` is null). Missing pieces are repeated in the
  /// dimensions of `full`, others become 1 if missing as a whole.
  mlir::Value arrange(Node *load, llvm::ArrayRef<Digits> dims,
                      const llvm::SmallBitVector &full,
                      llvm::SmallVectorImpl<int64_t> *perm);
  /// From dimensions `dims` to the type and digits of `result`.
  mlir::Value restore(mlir::Value value, llvm::ArrayRef<Digits> dims,
                      llvm::ArrayRef<Digits> result,
                      mlir::RankedTensorType type);
  /// The order of `dims` in a tensor with the pieces `operand`, when each
  /// dimension is a run of it.
  static std::optional<llvm::SmallVector<int64_t>>
  order(llvm::ArrayRef<Digits> operand, llvm::ArrayRef<Digits> dims);

  mlir::OpFoldResult sizeOf(const Digit &digit);
  mlir::OpFoldResult sizeOf(const Digits &digits);
  mlir::Value empty(llvm::ArrayRef<Digits> dims, mlir::Type elementType);

private:
  mlir::Value asSized(mlir::Value value, llvm::ArrayRef<Digits> dims);
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<Digits> from,
                      llvm::ArrayRef<Digits> to);
  mlir::Value copy(mlir::Value value, llvm::ArrayRef<Digit> from,
                   llvm::ArrayRef<Digit> to);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const Cuts &cuts;
  struct SizeSource {
    mlir::Value value;
    int64_t dim;
    int64_t divisor;
  };
  std::map<std::pair<unsigned, int64_t>, SizeSource> sources;
};

} // namespace hdp::raise

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISELAYOUT_H
