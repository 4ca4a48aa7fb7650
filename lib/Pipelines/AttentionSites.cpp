//===- AttentionSites.cpp - attention that the host executes --------------===//
//
// An hdp.attention on buffers becomes a call of a function without a body;
// after the conversion to the LLVM dialect the body hands the buffers'
// descriptors to one symbol of the host.
//
//===----------------------------------------------------------------------===//

#include "hdp/Dialect/HDP/IR/HDP.h"
#include "hdp/Pipelines/CPUPipeline.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace hdp {
#define GEN_PASS_DEF_ATTENTIONTOCALLS
#define GEN_PASS_DEF_EMITSITEDISPATCH
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;

static constexpr llvm::StringLiteral kSitePrefix = "hdp_site_";
static constexpr llvm::StringLiteral kWrapperPrefix = "_mlir_ciface_hdp_site_";
static constexpr llvm::StringLiteral kDispatch = "hdp_dispatch_site";

SmallVector<hdp::AttentionOp> hdp::getAttentionSites(ModuleOp module) {
  SmallVector<AttentionOp> sites;
  module.walk([&](AttentionOp op) { sites.push_back(op); });
  return sites;
}

namespace {
struct AttentionToCallsPass
    : public hdp::impl::AttentionToCallsBase<AttentionToCallsPass> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    for (auto [id, op] :
         llvm::enumerate(hdp::getAttentionSites(getOperation()))) {
      if (op->getNumResults() != 0) {
        op.emitOpError("must be on buffers to become a call");
        return signalPassFailure();
      }
      if (op.getStatistics()) {
        op.emitOpError("expected no statistics, which the host does not count");
        return signalPassFailure();
      }
      builder.setInsertionPointToEnd(getOperation().getBody());
      auto function = func::FuncOp::create(
          builder, op.getLoc(), (kSitePrefix + Twine(id)).str(),
          builder.getFunctionType(op->getOperandTypes(), TypeRange()));
      function.setPrivate();
      function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                        builder.getUnitAttr());
      builder.setInsertionPoint(op);
      func::CallOp::create(builder, op.getLoc(), function, op->getOperands());
      op.erase();
      ++numSites;
    }
  }
};

struct EmitSiteDispatchPass
    : public hdp::impl::EmitSiteDispatchBase<EmitSiteDispatchPass> {
  void runOnOperation() override {
    SmallVector<LLVM::LLVMFuncOp> functions;
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (function.isExternal() &&
          function.getName().starts_with(kWrapperPrefix))
        functions.push_back(function);
    for (LLVM::LLVMFuncOp function : functions) {
      int64_t id = 0;
      StringRef digits = function.getName().drop_front(kWrapperPrefix.size());
      if (!digits.getAsInteger(10, id))
        emitBody(function, id);
    }
  }

  /// site(p, q, ..) { void *array[] = {p, q, ..}; dispatch(id, array); }
  void emitBody(LLVM::LLVMFuncOp function, int64_t id) {
    OpBuilder builder(&getContext());
    Location loc = function.getLoc();
    Type i64 = builder.getI64Type();
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    auto nothing = LLVM::LLVMVoidType::get(&getContext());
    if (!getOperation().lookupSymbol(kDispatch)) {
      builder.setInsertionPointToStart(getOperation().getBody());
      LLVM::LLVMFuncOp::create(
          builder, loc, kDispatch,
          LLVM::LLVMFunctionType::get(nothing, {i64, pointer}));
    }

    Block *block = function.addEntryBlock(builder);
    builder.setInsertionPointToStart(block);
    Value count = LLVM::ConstantOp::create(
        builder, loc, i64, builder.getI64IntegerAttr(block->getNumArguments()));
    Value array = LLVM::AllocaOp::create(builder, loc, pointer, pointer, count);
    for (BlockArgument argument : block->getArguments()) {
      LLVM::GEPArg index(static_cast<int32_t>(argument.getArgNumber()));
      Value slot =
          LLVM::GEPOp::create(builder, loc, pointer, pointer, array, index);
      LLVM::StoreOp::create(builder, loc, argument, slot);
    }
    Value number = LLVM::ConstantOp::create(builder, loc, i64,
                                            builder.getI64IntegerAttr(id));
    LLVM::CallOp::create(builder, loc, TypeRange(), kDispatch,
                         ValueRange{number, array});
    LLVM::ReturnOp::create(builder, loc, ValueRange());
    function.setLinkage(LLVM::Linkage::Internal);
  }
};
} // namespace
