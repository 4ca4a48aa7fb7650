//===- SplitKernels.cpp - kernels that several threads share --------------===//
//
// A kernel worth it gets two more arguments, which part of the work to do and
// how many parts there are. Callers call a function without a body instead,
// which --hdp-emit-split-calls lets a symbol of the host run in parallel.
// Pruned attention is only marked: its code divides the work at run time.
//
//===----------------------------------------------------------------------===//

#include "SplitKernels.h"
#include "Contraction.h"
#include "Product.h"
#include "hdp/Conversion/HDPToVector.h"
#include "hdp/Conversion/VectorEmitter.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace hdp {
#define GEN_PASS_DEF_SPLITKERNELS
#define GEN_PASS_DEF_EMITSPLITCALLS
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;

static constexpr llvm::StringLiteral kPartPrefix = "hdp_part_";
static constexpr llvm::StringLiteral kParallel = "hdp_parallel";

/// Less work than this takes some ten microseconds and is done at once: handing
/// it over costs little, but half of its operands would be in another core's
/// cache, and half of the result would be for the next kernel.
static constexpr int64_t kMinElements = 1 << 15;
static constexpr int64_t kMinProducts = 1 << 22;

//===----------------------------------------------------------------------===//
// Which kernels
//===----------------------------------------------------------------------===//

/// The product of sizes; unknown ones are large.
static int64_t getCount(ArrayRef<int64_t> sizes) {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= ShapedType::isDynamic(size) ? 256 : size;
  return count;
}

static bool isWorthIt(Operation *op) {
  if (auto attention = dyn_cast<hdp::AttentionOp>(op)) {
    // A fused kernel may copy its result, as a whole, to such an init.
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    auto init = cast<MemRefType>(attention.getInit().getType());
    if (failed(init.getStridesAndOffset(strides, offset)) ||
        strides.back() != 1)
      return false;
    SmallVector<int64_t> query = attention.getQueryShape();
    int64_t keys = attention.getKeyShape()[query.size() - 2];
    return getCount(query) * getCount(keys) >= kMinProducts;
  }
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp)
    return false;
  int64_t count = getCount(linalgOp.getStaticLoopRanges());
  return count >=
         (hdp::matchContraction(linalgOp) ? kMinProducts : kMinElements);
}

/// The only op of a kernel beside constants.
static Operation *getOnlyOp(func::FuncOp function) {
  Operation *only = nullptr;
  if (!function.isPrivate() || function.isExternal())
    return nullptr;
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (op.hasTrait<OpTrait::ConstantLike>())
      continue;
    if (only)
      return nullptr;
    only = &op;
  }
  return only;
}

//===----------------------------------------------------------------------===//
// Parts of ops that know nothing of them
//===----------------------------------------------------------------------===//

/// Puts `op` into: if (the first part) { }
static void runInFirstPart(Operation *op, Value part) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value isFirst =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, part, zero);
  auto branch = scf::IfOp::create(builder, loc, isFirst);
  op->moveBefore(branch.thenBlock()->getTerminator());
}

void hdp::shareUnaware(func::FuncOp function) {
  if (!function->hasAttr(hdp::kSplitAttr))
    return;
  Value part = function.getArguments().take_back(2).front();
  SmallVector<linalg::LinalgOp> ops;
  function.walk([&](linalg::LinalgOp op) { ops.push_back(op); });
  for (linalg::LinalgOp op : ops)
    runInFirstPart(op, part);
}

//===----------------------------------------------------------------------===//
// The passes
//===----------------------------------------------------------------------===//

namespace {
struct SplitKernelsPass : hdp::impl::SplitKernelsBase<SplitKernelsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    llvm::StringMap<FlatSymbolRefAttr> replaced;
    for (auto function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      std::optional<hdp::Product> product = hdp::getProduct(function);
      Operation *op =
          product ? product->contraction.getOperation() : getOnlyOp(function);
      if (!op || !isWorthIt(op))
        continue;
      if (auto attention = dyn_cast<hdp::AttentionOp>(op);
          attention && attention.getPolicy()) {
        if (hdp::isFusable(attention)) {
          function->setAttr(hdp::kThreadsAttr, UnitAttr::get(&getContext()));
          ++numSplit;
        }
        continue;
      }
      auto call = func::FuncOp::create(
          function.getLoc(), (hdp::kSplitPrefix + function.getName()).str(),
          function.getFunctionType());
      call.setPrivate();
      if (Attribute bare = function->getAttr("llvm.bareptr"))
        call->setAttr("llvm.bareptr", bare);
      replaced[function.getName()] =
          FlatSymbolRefAttr::get(symbols.insert(call));

      Type index = IndexType::get(&getContext());
      unsigned end = function.getNumArguments();
      for (unsigned i = 0; i < 2; ++i)
        (void)function.insertArgument(end + i, index, {}, function.getLoc());
      function->setAttr(hdp::kSplitAttr, UnitAttr::get(&getContext()));
      ++numSplit;
    }
    getOperation().walk([&](func::CallOp call) {
      auto entry = replaced.find(call.getCallee());
      if (entry != replaced.end())
        call.setCalleeAttr(entry->second);
    });
  }
};

//===----------------------------------------------------------------------===//
// The calls
//===----------------------------------------------------------------------===//

struct EmitSplitCallsPass : hdp::impl::EmitSplitCallsBase<EmitSplitCallsPass> {
  void runOnOperation() override {
    SmallVector<LLVM::LLVMFuncOp> functions;
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      if (function.isExternal() &&
          function.getName().starts_with(hdp::kSplitPrefix))
        functions.push_back(function);
      function->removeAttr(hdp::kSplitAttr);
      function->removeAttr(hdp::kThreadsAttr);
    }
    for (LLVM::LLVMFuncOp function : functions)
      emitBody(function);
  }

  /// call(a, b, ..) {
  ///   struct context = {a, b, ..}; parallel(part, &context, threads());
  /// }
  /// part(context, index, count) { kernel(a, b, .., index, count); }
  ///
  /// If the call has one argument less than the kernel, the last one says how
  /// many parts there are.
  void emitBody(LLVM::LLVMFuncOp function) {
    OpBuilder builder(&getContext());
    Location loc = function.getLoc();
    StringRef kernel = function.getName().drop_front(hdp::kSplitPrefix.size());
    auto callee = getOperation().lookupSymbol<LLVM::LLVMFuncOp>(kernel);
    bool isCountGiven =
        callee.getNumArguments() == function.getNumArguments() + 1;
    Type i64 = builder.getI64Type();
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    auto nothing = LLVM::LLVMVoidType::get(&getContext());
    SmallVector<Type> types(function.getArgumentTypes());
    auto context = LLVM::LLVMStructType::getLiteral(&getContext(), types);
    builder.setInsertionPointToStart(getOperation().getBody());
    if (!getOperation().lookupSymbol(kParallel))
      LLVM::LLVMFuncOp::create(
          builder, loc, kParallel,
          LLVM::LLVMFunctionType::get(nothing, {pointer, pointer, i64}));
    if (!isCountGiven && !getOperation().lookupSymbol(hdp::kThreadsFunction))
      LLVM::LLVMFuncOp::create(builder, loc, hdp::kThreadsFunction,
                               LLVM::LLVMFunctionType::get(i64, {}));
    auto part = LLVM::LLVMFuncOp::create(
        builder, loc, (kPartPrefix + kernel).str(),
        LLVM::LLVMFunctionType::get(nothing, {pointer, i64, i64}),
        LLVM::Linkage::Internal);
    auto getField = [&](Value base, size_t field) -> Value {
      return LLVM::GEPOp::create(
          builder, loc, pointer, context, base,
          ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(field)});
    };

    Block *block = part.addEntryBlock(builder);
    builder.setInsertionPointToStart(block);
    SmallVector<Value> arguments;
    auto passed = ArrayRef(types).drop_back(isCountGiven);
    for (auto [field, type] : llvm::enumerate(passed))
      arguments.push_back(LLVM::LoadOp::create(
          builder, loc, type, getField(block->getArgument(0), field)));
    arguments.push_back(block->getArgument(1));
    arguments.push_back(block->getArgument(2));
    LLVM::CallOp::create(builder, loc, TypeRange(), kernel, arguments);
    LLVM::ReturnOp::create(builder, loc, ValueRange());

    block = function.addEntryBlock(builder);
    builder.setInsertionPointToStart(block);
    Value one = LLVM::ConstantOp::create(builder, loc, i64,
                                         builder.getI64IntegerAttr(1));
    Value base = LLVM::AllocaOp::create(builder, loc, pointer, context, one);
    for (BlockArgument argument : block->getArguments())
      LLVM::StoreOp::create(builder, loc, argument,
                            getField(base, argument.getArgNumber()));
    Value address = LLVM::AddressOfOp::create(builder, loc, part);
    Value count =
        isCountGiven ? Value(block->getArguments().back())
                     : LLVM::CallOp::create(builder, loc, i64,
                                            hdp::kThreadsFunction, ValueRange())
                           .getResult();
    LLVM::CallOp::create(builder, loc, TypeRange(), kParallel,
                         ValueRange{address, base, count});
    LLVM::ReturnOp::create(builder, loc, ValueRange());
    function.setLinkage(LLVM::Linkage::Internal);
  }
};
} // namespace
