//===- HDPToVector.cpp - the pass around the kernels ----------------------===//
//
// Replaces an attention by code that calls a kernel; sites that want the same
// kernel share one.
//
//===----------------------------------------------------------------------===//

#include "hdp/Conversion/HDPToVector.h"
#include "SiteEmitter.h"
#include "hdp/Conversion/FunctionTarget.h"
#include "hdp/Conversion/Passes.h"
#include "hdp/Conversion/VectorEmitter.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace hdp;

namespace hdp {
#define GEN_PASS_DEF_CONVERTHDPTOVECTOR
#include "hdp/Conversion/Passes.h.inc"
} // namespace hdp

/// Whether two query rows of a head may differ in their valid keys.
static bool variesByRow(AttentionOp op) {
  if (op.getCausal())
    return true;
  return llvm::any_of(ValueRange{op.getMask(), op.getBias()}, [](Value value) {
    if (!value)
      return false;
    ArrayRef<int64_t> shape = cast<ShapedType>(value.getType()).getShape();
    return shape[shape.size() - 2] != 1;
  });
}

/// Whether threads may share the op (see --hdp-split-kernels).
static bool isShared(AttentionOp op) {
  auto function = op->getParentOfType<func::FuncOp>();
  return function && function->hasAttr(kThreadsAttr);
}

static KernelSpec getSpec(AttentionOp op, const CPUTarget &target,
                          bool countsCycles) {
  auto element = [](Value value) {
    return getElementTypeOrSelf(value.getType());
  };
  return {op.getQueryShape().back(),
          op.getValueShape().back(),
          element(op.getQuery()),
          element(op.getKey()),
          element(op.getValue()),
          element(op.getInit()),
          op.getScale().convertToDouble(),
          op.getPolicy()->getValue(),
          target,
          /*hasMask=*/static_cast<bool>(op.getMask()),
          op.getCausal(),
          /*hasBias=*/static_cast<bool>(op.getBias()),
          op.getBias() ? element(op.getBias()) : Type(),
          variesByRow(op),
          countsCycles,
          /*hasStatistics=*/static_cast<bool>(op.getStatistics()),
          isShared(op)};
}

/// A private function that holds one kernel.
static func::FuncOp buildKernel(ModuleOp module, SymbolTable &symbols,
                                StringRef name, const KernelSpec &spec,
                                AttentionOp op) {
  Location loc = op.getLoc();
  ImplicitLocOpBuilder b(loc, module.getContext());
  int64_t dynamic = ShapedType::kDynamic;
  auto rows = [&](Type element, int64_t rank, int64_t columns) -> Type {
    SmallVector<int64_t> shape(rank, dynamic), strides(rank, dynamic);
    shape.back() = columns;
    strides.back() = 1;
    return MemRefType::get(
        shape, element,
        StridedLayoutAttr::get(b.getContext(), dynamic, strides));
  };
  SmallVector<Type> arguments = {
      rows(spec.queryType, 3, spec.d), rows(spec.keyType, 2, spec.d),
      rows(spec.valueType, 2, spec.dv), rows(spec.resultType, 3, spec.dv),
      MemRefType::get({dynamic}, b.getI8Type())};
  if (spec.hasMask)
    arguments.push_back(rows(b.getI1Type(), 3, dynamic));
  if (spec.hasBias)
    arguments.push_back(rows(spec.biasType, 3, dynamic));
  if (spec.hasStatistics)
    arguments.push_back(MemRefType::get(
        {dynamic, kNumHeadStatistics}, b.getI64Type(),
        StridedLayoutAttr::get(b.getContext(), dynamic, {dynamic, dynamic})));
  if (spec.isShared)
    arguments.append(3, b.getIndexType());
  bool hasPhases = spec.isShared && spec.policy.tau8() > 0;
  if (hasPhases) {
    arguments.push_back(b.getIndexType());
    arguments.push_back(
        MemRefType::get({4}, b.getI64Type(),
                        StridedLayoutAttr::get(b.getContext(), dynamic, {1})));
  }
  auto function =
      func::FuncOp::create(loc, name, b.getFunctionType(arguments, {}));
  function.setPrivate();
  symbols.insert(function);
  function->setAttr("passthrough", b.getStrArrayAttr({"noinline"}));
  if (!copyFunctionTarget(op, function))
    setFunctionTarget(function, spec.target);
  markVectorCode(function);
  Block *block = function.addEntryBlock();
  b.setInsertionPointToStart(block);
  unsigned next = 0;
  auto take = [&](bool isThere = true) {
    return isThere ? Value(block->getArgument(next++)) : Value();
  };
  KernelArguments all;
  for (Value *memref :
       {&all.query, &all.key, &all.value, &all.result, &all.workspace})
    *memref = take();
  all.mask = take(spec.hasMask);
  all.bias = take(spec.hasBias);
  all.statistics = take(spec.hasStatistics);
  for (Value *number : {&all.begin, &all.end, &all.numBefore})
    *number = take(spec.isShared);
  all.phase = take(hasPhases);
  all.totals = take(hasPhases);
  KernelEmitter(b, spec).emit(all);
  func::ReturnOp::create(b);
  return function;
}

/// The numbers to which kernels add the ticks of their stages.
static memref::GlobalOp makeStageCycles(Location loc) {
  OpBuilder b(loc.getContext());
  auto zeros = DenseElementsAttr::get(
      RankedTensorType::get({kNumKernelStages}, b.getI64Type()), int64_t(0));
  return memref::GlobalOp::create(
      b, loc, kStageCyclesGlobal, b.getStringAttr("private"),
      MemRefType::get({kNumKernelStages}, b.getI64Type()), zeros,
      /*constant=*/false, /*alignment=*/IntegerAttr());
}

namespace {
struct ConvertToVector : hdp::impl::ConvertHDPToVectorBase<ConvertToVector> {
  using ConvertHDPToVectorBase::ConvertHDPToVectorBase;

  void runOnOperation() override {
    std::optional<CPUTarget> found = getCPUTarget(target);
    if (!found) {
      mlir::emitError(getOperation().getLoc(), "expected target ")
          << getExpectedTargets() << ", found '" << target << "'";
      return signalPassFailure();
    }
    ModuleOp module = getOperation();
    SmallVector<AttentionOp> sites;
    module.walk([&](AttentionOp op) {
      auto destination = cast<DestinationStyleOpInterface>(op.getOperation());
      if (destination.hasPureBufferSemantics() && isFusable(op))
        sites.push_back(op);
    });
    SymbolTable symbols(module);
    if (stageCycles && !sites.empty() && !symbols.lookup(kStageCyclesGlobal))
      symbols.insert(makeStageCycles(module.getLoc()));
    llvm::StringMap<func::FuncOp> kernels;
    for (AttentionOp op : sites) {
      KernelSpec spec = getSpec(op, getFunctionTarget(op, *found), stageCycles);
      std::string text;
      llvm::raw_string_ostream(text)
          << spec.d << ' ' << spec.dv << ' ' << spec.queryType << spec.keyType
          << spec.valueType << spec.resultType << op.getScaleAttr()
          << op.getPolicyAttr() << " " << spec.target.name << " "
          << int(spec.hasMask) << int(spec.isCausal) << int(spec.variesByRow)
          << int(spec.hasStatistics) << int(spec.isShared);
      if (spec.hasBias)
        llvm::raw_string_ostream(text) << spec.biasType;
      auto [entry, isNew] = kernels.try_emplace(text);
      if (isNew) {
        std::string name =
            "hdp_attention_" + std::to_string(kernels.size() - 1);
        if (!VectorTarget::get(spec.target.kind)->canCompress() &&
            !symbols.lookup(kSetBitsGlobal))
          symbols.insert(makeSetBits(module.getLoc()));
        entry->second = buildKernel(module, symbols, name, spec, op);
        ++numKernels;
      }
      ImplicitLocOpBuilder builder(op.getLoc(), op);
      SiteEmitter site(builder, op, spec, entry->second);
      if (spec.isShared)
        site.runShared(symbols);
      else
        site.run();
      op.erase();
      ++numSites;
    }
  }
};
} // namespace
