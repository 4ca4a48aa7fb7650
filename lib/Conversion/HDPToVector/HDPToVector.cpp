//===- HDPToVector.cpp - the pass around the kernels ----------------------===//
//
// Replaces an attention by loops over its batches and key heads that call a
// kernel; sites that want the same kernel share one.
//
//===----------------------------------------------------------------------===//

#include "hdp/Conversion/HDPToVector.h"
#include "KernelEmitter.h"
#include "hdp/Conversion/FunctionTarget.h"
#include "hdp/Conversion/Passes.h"
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

namespace {

/// A memref operand seen in the form of the op's description.
struct Operand {
  Value memref; ///< with contiguous rows
  Value base;
  Val offset;
  Vals sizes, strides;
};

class SiteEmitter {
public:
  SiteEmitter(ImplicitLocOpBuilder &b, AttentionOp op) : b(b), op(op) {}

  void run(const KernelSpec &spec, func::FuncOp kernel);

private:
  Val index(int64_t value) {
    return {b, arith::ConstantIndexOp::create(b, value)};
  }
  Operand read(Value memref, std::optional<ArrayRef<int64_t>> perm);
  Operand readMask(Value memref, ArrayRef<Val> sizes);
  Value view(const Operand &operand, ArrayRef<Val> batch, Val firstHead,
             Val heads, Type type);
  Value rowsOfHeads(const Operand &query, ArrayRef<Val> batch, Val firstHead,
                    Val heads, Type type);
  void copy(Value from, Value to);

  ImplicitLocOpBuilder &b;
  AttentionOp op;
};

} // namespace

void SiteEmitter::copy(Value from, Value to) {
  SmallVector<Value> indices;
  OpBuilder::InsertionGuard guard(b);
  for (int64_t dim = 0; dim < cast<MemRefType>(from.getType()).getRank();
       ++dim) {
    Value size = memref::DimOp::create(b, from, dim);
    auto loop = scf::ForOp::create(b, index(0), size, index(1));
    b.setInsertionPointToStart(loop.getBody());
    indices.push_back(loop.getInductionVar());
  }
  memref::StoreOp::create(b, memref::LoadOp::create(b, from, indices), to,
                          indices);
}

static bool hasContiguousRows(Value memref) {
  auto [strides, offset] =
      cast<MemRefType>(memref.getType()).getStridesAndOffset();
  return strides.back() == 1;
}

Operand SiteEmitter::read(Value memref, std::optional<ArrayRef<int64_t>> perm) {
  Operand operand;
  operand.memref = memref;
  if (!hasContiguousRows(memref)) {
    auto type = cast<MemRefType>(memref.getType());
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(memref::DimOp::create(b, memref, dim));
    operand.memref = memref::AllocOp::create(
        b, MemRefType::get(type.getShape(), type.getElementType()), sizes);
    copy(memref, operand.memref);
  }
  auto metadata = memref::ExtractStridedMetadataOp::create(b, operand.memref);
  operand.base = metadata.getBaseBuffer();
  operand.offset = {b, metadata.getOffset()};
  int64_t rank = metadata.getSizes().size();
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t from = perm ? (*perm)[dim] : dim;
    operand.sizes.push_back({b, metadata.getSizes()[from]});
    operand.strides.push_back({b, metadata.getStrides()[from]});
  }
  return operand;
}

/// A mask: dimensions of one element are repeated as often as the query's.
Operand SiteEmitter::readMask(Value memref, ArrayRef<Val> sizes) {
  Operand operand = read(memref, std::nullopt);
  for (auto [dim, size] : llvm::enumerate(sizes.drop_back())) {
    Val isOne = operand.sizes[dim].eq(1);
    operand.strides[dim] = isOne.select(index(0), operand.strides[dim]);
    operand.sizes[dim] = size;
  }
  return operand;
}

/// Rows of `heads` heads as the kernel takes them: three dimensions, or two
/// for one head.
Value SiteEmitter::view(const Operand &operand, ArrayRef<Val> batch,
                        Val firstHead, Val heads, Type type) {
  size_t rank = operand.sizes.size();
  Val offset = operand.offset;
  for (auto [dim, at] : llvm::enumerate(batch))
    offset = offset + at * operand.strides[dim];
  Val headStride = rank > 2 ? operand.strides[rank - 3] : index(0);
  offset = offset + firstHead * headStride;
  auto memref = cast<MemRefType>(type);
  SmallVector<OpFoldResult> sizes, strides;
  if (memref.getRank() == 3) {
    sizes.push_back(heads.v);
    strides.push_back(headStride.v);
  }
  sizes.push_back(operand.sizes[rank - 2].v);
  if (memref.isDynamicDim(memref.getRank() - 1))
    sizes.push_back(operand.sizes[rank - 1].v);
  else
    sizes.push_back(b.getIndexAttr(memref.getShape().back()));
  strides.push_back(operand.strides[rank - 2].v);
  strides.push_back(b.getIndexAttr(1));
  return memref::ReinterpretCastOp::create(
      b, memref, operand.base, OpFoldResult(offset.v), sizes, strides);
}

/// The statistics of `heads` query heads.
Value SiteEmitter::rowsOfHeads(const Operand &query, ArrayRef<Val> batch,
                               Val firstHead, Val heads, Type type) {
  Val row = index(0);
  for (auto [dim, at] : llvm::enumerate(batch))
    row = row * query.sizes[dim] + at;
  if (query.sizes.size() > 2)
    row = row * query.sizes[query.sizes.size() - 3] + firstHead;
  SmallVector<OpFoldResult> offsets = {row.v, b.getIndexAttr(0)};
  SmallVector<OpFoldResult> sizes = {heads.v,
                                     b.getIndexAttr(kNumHeadStatistics)};
  SmallVector<OpFoldResult> steps(2, b.getIndexAttr(1));
  Value rows =
      memref::SubViewOp::create(b, op.getStatistics(), offsets, sizes, steps);
  return memref::CastOp::create(b, type, rows);
}

void SiteEmitter::run(const KernelSpec &spec, func::FuncOp kernel) {
  Operand query = read(op.getQuery(), op.getQueryPerm());
  Operand key = read(op.getKey(), op.getKeyPerm());
  Operand value = read(op.getValue(), op.getValuePerm());
  Operand result = read(op.getInit(), op.getResultPerm());
  std::optional<Operand> mask;
  if (op.getMask())
    mask = readMask(op.getMask(), query.sizes);
  std::optional<Operand> bias;
  if (op.getBias())
    bias = readMask(op.getBias(), query.sizes);
  size_t rank = query.sizes.size();

  KernelEmitter sizes(b, spec);
  Val bytes = sizes.workspaceSize(query.sizes[rank - 2], key.sizes[rank - 2]);
  Value workspace = memref::AllocOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, b.getI8Type()),
      ValueRange{bytes.v}, b.getI64IntegerAttr(64));

  {
    OpBuilder::InsertionGuard guard(b);
    auto open = [&](Val count) {
      auto loop = scf::ForOp::create(b, index(0), count, index(1));
      b.setInsertionPointToStart(loop.getBody());
      return Val(b, loop.getInductionVar());
    };
    Vals batch;
    Val head = index(0), shared = index(1);
    if (rank > 2) {
      Val queryHeads = query.sizes[rank - 3], keyHeads = key.sizes[rank - 3];
      shared = {b, arith::DivUIOp::create(b, queryHeads, keyHeads)};
      for (size_t dim = 0; dim + 3 < rank; ++dim)
        batch.push_back(open(query.sizes[dim]));
      head = open(keyHeads);
    }
    ArrayRef<Type> types = kernel.getArgumentTypes();
    SmallVector<Value> arguments = {
        view(query, batch, head * shared, shared, types[0]),
        view(key, batch, head, index(1), types[1]),
        view(value, batch, head, index(1), types[2]),
        view(result, batch, head * shared, shared, types[3]), workspace};
    if (mask)
      arguments.push_back(view(*mask, batch, head * shared, shared, types[5]));
    if (bias)
      arguments.push_back(
          view(*bias, batch, head * shared, shared, types[arguments.size()]));
    if (op.getStatistics())
      arguments.push_back(
          rowsOfHeads(query, batch, head * shared, shared, types.back()));
    func::CallOp::create(b, kernel, arguments);
  }
  memref::DeallocOp::create(b, workspace);
  if (result.memref != op.getInit())
    copy(result.memref, op.getInit());
  for (auto [operand, original] : {std::pair(query, op.getQuery()),
                                   {key, op.getKey()},
                                   {value, op.getValue()},
                                   {result, op.getInit()}})
    if (operand.memref != original)
      memref::DeallocOp::create(b, operand.memref);
}

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
          /*hasStatistics=*/static_cast<bool>(op.getStatistics())};
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
  KernelEmitter emitter(b, spec);
  unsigned next = 5;
  auto take = [&](bool isThere) {
    return isThere ? Value(block->getArgument(next++)) : Value();
  };
  Value mask = take(spec.hasMask), bias = take(spec.hasBias),
        statistics = take(spec.hasStatistics);
  emitter.emit(block->getArgument(0), block->getArgument(1),
               block->getArgument(2), mask, bias, block->getArgument(3),
               block->getArgument(4), statistics);
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
          << int(spec.hasStatistics);
      if (spec.hasBias)
        llvm::raw_string_ostream(text) << spec.biasType;
      auto [entry, isNew] = kernels.try_emplace(text);
      if (isNew) {
        std::string name =
            "hdp_attention_" + std::to_string(kernels.size() - 1);
        entry->second = buildKernel(module, symbols, name, spec, op);
        ++numKernels;
      }
      ImplicitLocOpBuilder builder(op.getLoc(), op);
      SiteEmitter(builder, op).run(spec, entry->second);
      op.erase();
      ++numSites;
    }
  }
};
} // namespace
