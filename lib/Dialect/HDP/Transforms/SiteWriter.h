//===- SiteWriter.h - how a matched site is written -------------*- C++ -*-===//
//
// The op and its operands are written in RaiseRewrite.cpp, a mask or a bias
// that is more than a tensor in RaiseBias.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_DIALECT_HDP_TRANSFORMS_SITEWRITER_H
#define HDP_LIB_DIALECT_HDP_TRANSFORMS_SITEWRITER_H

#include "RaiseRewrite.h"

#include "llvm/ADT/SetVector.h"

namespace hdp::raise {

/// Loads and index formulas that a formula consists of.
using Leaves = llvm::SetVector<Node *>;

/// Writes one site.
class SiteWriter {
public:
  SiteWriter(mlir::IRRewriter &rewriter, Expr &expr, Site &site,
             Refusal &refusal)
      : b(rewriter), expr(expr), site(site), refusal(refusal),
        loc(site.values.getLoc()), arranger(b, loc, cuts) {}

  /// The op in place of the site; null, with `refusal`, if there is none.
  AttentionOp write();

private:
  /// Everything that can refuse.
  bool plan();
  bool checkTypes();
  bool collectLeaves(Node *node, Leaves &leaves);
  std::optional<unsigned> dimensionOf(Node *index);
  /// The tensor of a load with the dimensions `wanted`; `perm` says in which
  /// order it has them.
  mlir::Value emitOperand(Node *load, llvm::ArrayRef<Digits> wanted,
                          llvm::SmallVectorImpl<int64_t> &perm);
  /// A generic op over the dimensions that `leaves` depend on; `body` gets a
  /// function that emits a formula.
  mlir::Value emitFormula(
      mlir::Type elementType, const Leaves &leaves,
      llvm::function_ref<mlir::Value(mlir::OpBuilder &,
                                     llvm::function_ref<mlir::Value(Node *)>)>
          body);
  /// Null where there is none.
  mlir::Value emitMask();
  mlir::Value emitBias();
  double chooseLow(const MaskTerm &mask) const;
  mlir::Value converted(mlir::Value value, mlir::Type elementType);

  mlir::IRRewriter &b;
  Expr &expr;
  Site &site;
  Refusal &refusal;
  mlir::Location loc;
  Cuts cuts;
  Dims dims;
  Arranger arranger;
  Leaves maskLeaves, biasLeaves;
  llvm::SmallVector<MaskTerm> hard, soft;
  mlir::Type elementType;
};

} // namespace hdp::raise

#endif // HDP_LIB_DIALECT_HDP_TRANSFORMS_SITEWRITER_H
