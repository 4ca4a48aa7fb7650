//===- SiteEmitter.h - the code around a kernel -----------------*- C++ -*-===//
//
// What stands in place of one attention: operands seen as the kernel takes
// them, the workspace, and loops over batches and heads that call the kernel
// (SiteEmitter.cpp), or parts of that for several threads (SiteParts.cpp).
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_CONVERSION_HDPTOVECTOR_SITEEMITTER_H
#define HDP_LIB_CONVERSION_HDPTOVECTOR_SITEEMITTER_H

#include "KernelEmitter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace hdp {

class SiteEmitter {
public:
  SiteEmitter(mlir::ImplicitLocOpBuilder &b, AttentionOp op,
              const KernelSpec &spec, mlir::func::FuncOp kernel)
      : b(b), op(op), spec(spec), kernel(kernel) {}

  /// Code in place of the op.
  void run();
  /// The same in as many parts as there are threads and as the work is worth.
  /// The parts are a function of their own, put into `symbols` with the
  /// function without a body that hands them out.
  void runShared(mlir::SymbolTable &symbols);

private:
  /// A memref in the form of the op's description.
  struct Operand {
    mlir::Value base;
    Val offset;
    Vals sizes, strides;
  };
  /// The op's operands, or copies of them with contiguous rows. Null: the op
  /// has none.
  struct Memrefs {
    mlir::Value query, key, value, result, mask, bias, statistics;
    llvm::SmallVector<mlir::Value *> getAll();
  };
  struct Operands {
    Operand query, key, value, result;
    std::optional<Operand> mask, bias;
    mlir::Value statistics;
  };
  /// How many there are: indices of heads without their number, key heads,
  /// query heads of each, block rows, batches of them.
  struct Sizes {
    Vals batch;
    Val keyHeads, shared, rows, strips;
    Val queryHeads; ///< of all batches
  };
  /// Query heads [first, first + count) of those that share a key head.
  struct Heads {
    Vals batch;
    Val keyHead, first, count;
  };
  /// What a function of parts has beside the memrefs.
  struct PartArguments {
    mlir::Value workspace, workspaceSize, totals, phase, part, numParts;
  };

  Val index(int64_t value) {
    return {b, mlir::arith::ConstantIndexOp::create(b, value)};
  }
  Val least(Val x, Val y) { return x.lt(y).select(x, y); }
  Val divide(Val x, Val y) {
    return {b, b.createOrFold<mlir::arith::DivUIOp>(x.v, y.v)};
  }
  Val remainder(Val x, Val y) {
    return {b, b.createOrFold<mlir::arith::RemUIOp>(x.v, y.v)};
  }
  Val divideUp(Val x, Val y) { return divide(x + y - 1, y); }

  // Operands.
  void copy(mlir::Value from, mlir::Value to);
  mlir::Value makeContiguous(mlir::Value memref);
  Memrefs takeOperands();
  void returnOperands(Memrefs memrefs);
  Operand read(mlir::Value memref,
               std::optional<llvm::ArrayRef<int64_t>> perm = std::nullopt);
  Operand readMask(mlir::Value memref, llvm::ArrayRef<Val> sizes);
  Operands readAll(const Memrefs &memrefs);
  Sizes getSizes(const Operands &operands);
  Val getWorkspaceSize(const Operands &operands);

  // Calls.
  mlir::Value view(const Operand &operand, llvm::ArrayRef<Val> batch,
                   Val firstHead, Val heads, mlir::Type type);
  mlir::Value rowsOfHeads(const Operands &operands, llvm::ArrayRef<Val> batch,
                          Val firstHead, Val heads, mlir::Type type);
  void call(const Operands &operands, const Sizes &sizes, const Heads &heads,
            mlir::Value workspace, llvm::ArrayRef<mlir::Value> others);

  // Parts.
  bool isGated() const { return spec.policy.tau8() > 0; }
  mlir::func::FuncOp buildPart(mlir::SymbolTable &symbols, Memrefs memrefs);
  void emitPart(const Memrefs &memrefs, const PartArguments &arguments);
  std::pair<Val, Val> getShare(const Sizes &sizes,
                               const PartArguments &arguments);
  Val countParts(const Operands &operands, const Sizes &sizes,
                 mlir::SymbolTable &symbols);
  void clear(mlir::Value memref);

  mlir::ImplicitLocOpBuilder &b;
  AttentionOp op;
  const KernelSpec &spec;
  mlir::func::FuncOp kernel;
};

} // namespace hdp

#endif // HDP_LIB_CONVERSION_HDPTOVECTOR_SITEEMITTER_H
