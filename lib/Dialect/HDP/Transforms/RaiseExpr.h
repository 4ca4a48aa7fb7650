//===- RaiseExpr.h - tensor code read as scalar formulas --------*- C++ -*-===//
//
// Raising does not match op sequences. It reads what one element of a tensor
// *is*: a formula over loads, scalar ops and reductions, in which every index
// is an exact combination of the loop variables ("atoms") of the place where
// the reading started. Reshapes, transposes, broadcasts and copies vanish in
// the reading, so two chains of them are equal exactly when they address the
// same element, and never because extents happen to agree.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEEXPR_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEEXPR_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/FoldingSet.h"
#include "llvm/ADT/SmallBitVector.h"

#include <deque>
#include <optional>

namespace hdp::raise {

class SizeFacts;

/// Part of a loop variable: (atom / div) % ext. An `ext` of kDynamic means
/// everything above `div`.
struct Digit {
  unsigned atom;
  int64_t div;
  int64_t ext;

  bool operator==(const Digit &other) const {
    return atom == other.atom && div == other.div && ext == other.ext;
  }
  bool operator!=(const Digit &other) const { return !(*this == other); }
};

/// An index in mixed radix, most significant digit first; empty is 0.
using Index = llvm::SmallVector<Digit, 2>;
using Access = llvm::SmallVector<Index, 4>;

enum class NodeKind {
  Load,   // one element of a tensor: value, access
  Const,  // a float or integer attribute: attr
  Scalar, // an SSA scalar about which nothing is known: value
  Index,  // an index made of atoms: index
  Op,     // a scalar op: name, op, kids
  Reduce, // combiner over atoms of kids[0], starting from kids[1]
  Acc     // inside a reduction's body: the value so far
};

enum class Combiner { Sum, Max, And, Or };

/// A formula. Nodes other than reductions are unique, so equal pointers are
/// equal formulas; `Expr::equal` also sees through definitions.
struct Node : llvm::FoldingSetNode {
  NodeKind kind;
  mlir::Type type;
  mlir::Value value;
  Access access;
  mlir::Attribute attr;
  llvm::StringRef name;
  /// The scalar op (Op) or the structured op (Reduce) this was read from;
  /// null for formulas made here.
  mlir::Operation *op = nullptr;
  llvm::SmallVector<Node *, 2> kids;
  Combiner combiner = Combiner::Sum;
  llvm::SmallVector<unsigned, 1> atoms;
  Index index;

  void Profile(llvm::FoldingSetNodeID &id) const;

  bool isOp(llvm::StringRef opName) const {
    return kind == NodeKind::Op && name == opName;
  }
  bool isReduce(Combiner which) const {
    return kind == NodeKind::Reduce && combiner == which;
  }

private:
  friend class Expr;
  Node *expanded = nullptr;
  std::optional<std::optional<mlir::TypedAttr>> constant;
};

/// Reads formulas out of tensor code. One object per match attempt.
class Expr {
public:
  explicit Expr(SizeFacts &sizes) : sizes(sizes) {}
  Expr(const Expr &) = delete;

  //===--- atoms and indices ---===//
  unsigned newAtom(int64_t extent);
  int64_t extentOf(unsigned atom) const { return extents[atom]; }
  unsigned numAtoms() const { return extents.size(); }
  /// The whole of an atom, or 0 for a loop of one iteration.
  Index wholeAtom(unsigned atom) const;
  /// False when the two are known to run over different numbers of values.
  bool mayAgree(unsigned a, unsigned b) const;

  //===--- formulas ---===//
  /// The element of `value` at `access`, looked at through every op that only
  /// moves data.
  Node *load(mlir::Value value, Access access);
  /// The formula behind a load, down to its outermost scalar op or reduction;
  /// `node` itself when there is nothing to look into.
  Node *expand(Node *node);
  /// `expand`, and then through float width changes, `+ 0` and `* 1`.
  Node *peel(Node *node);
  /// The value, if the formula is a compile-time constant.
  std::optional<mlir::TypedAttr> constantOf(Node *node);
  std::optional<double> floatOf(Node *node);
  bool isFloat(Node *node, double value);

  /// `node` with atom `from` replaced by `to` (same extent).
  Node *rename(Node *node, unsigned from, unsigned to);
  /// True only when both formulas compute the same value.
  bool equal(Node *a, Node *b);
  /// The atoms that the formula as written (loads not looked into) uses.
  llvm::SmallBitVector atomsOf(Node *node) const;

  Node *makeOp(llvm::StringRef name, mlir::Type type,
               llvm::ArrayRef<Node *> kids, mlir::Operation *op = nullptr);
  Node *makeConst(mlir::TypedAttr attr);
  Node *makeFloat(mlir::Type type, double value);

private:
  using ArgNodes = llvm::SmallVector<Node *>;

  Node *uniqued(Node &&proto);
  Node *makeScalar(mlir::Value value, unsigned depth = 0);
  bool stepThroughMove(mlir::Value &value, Access &access);
  bool throughCopy(mlir::linalg::LinalgOp op, unsigned result,
                   mlir::Value &value, Access &access);
  std::optional<llvm::SmallVector<Index>>
  bindLoops(mlir::linalg::LinalgOp op, unsigned result, const Access &access,
            llvm::SmallVectorImpl<unsigned> *reduced);
  std::optional<Access> operandAccess(mlir::AffineMap map,
                                      llvm::ArrayRef<Index> loops);
  Node *expandLoad(Node *node);
  Node *expandLinalg(mlir::linalg::LinalgOp op, unsigned result, Node *node);
  Node *expandSoftmax(mlir::linalg::SoftmaxOp op, Node *node);
  Node *readBody(mlir::Value value, mlir::Block *body, const ArgNodes &args,
                 llvm::ArrayRef<Index> loops,
                 llvm::DenseMap<mlir::Value, Node *> &seen);
  Node *readExtract(mlir::Operation *op, llvm::ArrayRef<Node *> indices);
  Node *renameOnce(Node *node, unsigned from, unsigned to,
                   llvm::DenseMap<Node *, Node *> &done);
  Node *renameIn(Node *node, unsigned from, unsigned to,
                 llvm::DenseMap<Node *, Node *> &done);
  bool equalExpanded(Node *a, Node *b, unsigned depth);
  std::optional<mlir::TypedAttr> computeConstant(Node *node, unsigned depth);

  SizeFacts &sizes;
  std::deque<Node> storage;
  llvm::FoldingSet<Node> unique;
  llvm::SmallVector<int64_t> extents;
  /// Pairs of formulas that `equal` may still compare.
  unsigned budget = 0;
};

/// Product of the digits' extents, or kDynamic.
int64_t extentOf(const Index &index);
/// Appends `tail` to `head`, joining digits that continue each other.
void append(Index &head, const Index &tail);
/// Splits the index of a collapsed dimension over the dimensions it came from;
/// nothing when a boundary falls inside a digit that does not divide.
std::optional<llvm::SmallVector<Index>> split(const Index &index,
                                              llvm::ArrayRef<int64_t> shape);

} // namespace hdp::raise

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_RAISEEXPR_H
