//===- OutlineKernels.cpp - one small function per op on buffers ----------===//
//
// Keeps LLVM from seeing a model as one function with hundreds of loop nests,
// compiles equal ops once, and tells LLVM which buffers cannot overlap.
//
//===----------------------------------------------------------------------===//

#include "Product.h"
#include "hdp/Pipelines/Passes.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringMap.h"

namespace hdp {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "hdp/Pipelines/Passes.h.inc"
} // namespace hdp

using namespace mlir;
using hdp::Product;

/// Strided copies would call a run-time library; a loop nest is faster. Copies
/// that are one memcpy stay.
static void lowerStridedCopies(ModuleOp module) {
  auto isStrided = [](Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    return memref && !memref.getLayout().isIdentity();
  };
  SmallVector<memref::CopyOp> copies;
  module.walk([&](memref::CopyOp copy) {
    Type source = copy.getSource().getType();
    Type target = copy.getTarget().getType();
    if (isa<MemRefType>(source) && isa<MemRefType>(target) &&
        (isStrided(source) || isStrided(target)))
      copies.push_back(copy);
  });
  for (memref::CopyOp copy : copies) {
    OpBuilder builder(copy);
    linalg::makeMemRefCopyOp(builder, copy.getLoc(), copy.getSource(),
                             copy.getTarget());
    copy.erase();
  }
}

static bool isKernel(Operation *op) {
  bool isComputation =
      isa<linalg::LinalgOp>(op) || op->getName().getDialectNamespace() == "hdp";
  return isComputation && op->getNumResults() == 0 &&
         llvm::any_of(op->getOperandTypes(), llvm::IsaPred<MemRefType>);
}

//===----------------------------------------------------------------------===//
// Which buffers cannot overlap
//===----------------------------------------------------------------------===//

/// The allocation, global or argument that `buffer` is a view of.
static Value getRoot(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  return buffer;
}

/// Memory that only this value and its views can reach.
static bool isAllocation(Value root) {
  Operation *op = root.getDefiningOp();
  return op && hasSingleEffect<MemoryEffects::Allocate>(op, root);
}

/// Memory that was there before the function was called.
static bool isFromOutside(Value root) {
  if (root.getDefiningOp<memref::GetGlobalOp>())
    return true;
  auto argument = dyn_cast<BlockArgument>(root);
  return argument && argument.getOwner()->isEntryBlock() &&
         isa<FunctionOpInterface>(argument.getOwner()->getParentOp());
}

/// True if two roots cannot overlap, as far as it can be told from them.
static bool areDisjoint(Value a, Value b) {
  if (a == b)
    return false;
  if (isAllocation(a))
    return isAllocation(b) || isFromOutside(b);
  return isFromOutside(a) && isAllocation(b);
}

/// Among `arguments`, the buffers that one of `ops` may write and that overlap
/// none of the others.
static llvm::SmallBitVector getNoAlias(ArrayRef<Operation *> ops,
                                       ArrayRef<Value> arguments) {
  llvm::SmallBitVector result(arguments.size());
  for (auto [index, value] : llvm::enumerate(arguments)) {
    bool isRead = llvm::all_of(ops, [value = value](Operation *op) {
      return !llvm::is_contained(op->getOperands(), value) ||
             hasSingleEffect<MemoryEffects::Read>(op, value);
    });
    if (!isa<MemRefType>(value.getType()) || isRead)
      continue;
    Value root = getRoot(value);
    result[index] = llvm::all_of(arguments, [&, self = value](Value other) {
      return other == self || !isa<BaseMemRefType>(other.getType()) ||
             areDisjoint(root, getRoot(other));
    });
  }
  return result;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
/// A kernel that is not in the module yet, and what a call of it passes.
struct Outlined {
  OwningOpRef<func::FuncOp> function;
  SmallVector<Value> arguments;
};

struct OutlineKernelsPass
    : public hdp::impl::OutlineKernelsBase<OutlineKernelsPass> {
  using OutlineKernelsBase::OutlineKernelsBase;

  void runOnOperation() override {
    lowerStridedCopies(getOperation());
    SymbolTable symbols(getOperation());
    llvm::StringMap<StringAttr> kernels; // by text
    SmallVector<Operation *> sites;
    for (auto function : getOperation().getOps<func::FuncOp>())
      function.walk([&](Operation *op) {
        if (isKernel(op))
          sites.push_back(op);
      });

    // By an op of each, all that are one kernel.
    llvm::DenseMap<Operation *, SmallVector<Operation *>> together;
    llvm::DenseSet<Operation *> taken;
    for (Operation *op : sites)
      if (auto contraction = dyn_cast<linalg::LinalgOp>(op);
          fuse && contraction)
        if (std::optional<Product> product = matchKernel(contraction)) {
          SmallVector<Operation *> &ops = together[op];
          for (linalg::LinalgOp part :
               {product->fill, product->contraction, product->epilogue})
            if (part && taken.insert(part).second)
              ops.push_back(part);
        }

    for (Operation *op : sites) {
      SmallVector<Operation *> ops = together.lookup(op);
      if (ops.empty() && !taken.contains(op))
        ops = {op};
      if (ops.empty())
        continue;
      Outlined outlined = outline(ops);
      auto [entry, isNew] = kernels.try_emplace(getText(*outlined.function));
      if (isNew) {
        outlined.function->setSymName("hdp_kernel_" +
                                      std::to_string(kernels.size() - 1));
        entry->second = symbols.insert(outlined.function.release());
        ++numKernels;
      }
      OpBuilder builder(ops.back());
      func::CallOp::create(builder, op->getLoc(), entry->second, TypeRange(),
                           outlined.arguments);
      for (Operation *part : ops)
        part->erase();
      ++numSites;
    }
  }

private:
  /// What must be equal for two kernels to be one: everything but locations.
  static std::string getText(func::FuncOp function) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    function.print(stream,
                   OpPrintingFlags().useLocalScope().printGenericOpForm());
    return text;
  }

  static std::optional<Product> matchKernel(linalg::LinalgOp contraction) {
    return hdp::matchProduct(contraction, [](Value x, Value y) {
      return areDisjoint(getRoot(x), getRoot(y));
    });
  }

  static Outlined outline(ArrayRef<Operation *> ops);
};
} // namespace

Outlined OutlineKernelsPass::outline(ArrayRef<Operation *> ops) {
  // Operands first, then what regions use; each value once, constants apart.
  llvm::SetVector<Value> used;
  for (Operation *op : ops)
    used.insert_range(op->getOperands());
  for (Operation *op : ops)
    getUsedValuesDefinedAbove(op->getRegions(), used);
  Outlined result;
  SmallVector<Operation *> constants;
  for (Value value : used) {
    Operation *definition = value.getDefiningOp();
    if (definition && definition->hasTrait<OpTrait::ConstantLike>())
      constants.push_back(definition);
    else
      result.arguments.push_back(value);
  }

  Location loc = ops.back()->getLoc();
  OpBuilder builder(loc.getContext());
  auto type = builder.getFunctionType(TypeRange(ValueRange(result.arguments)),
                                      TypeRange());
  result.function = func::FuncOp::create(loc, "hdp_kernel", type);
  func::FuncOp function = *result.function;
  function.setPrivate();
  Block *block = function.addEntryBlock();
  IRMapping mapping;
  mapping.map(result.arguments, block->getArguments());
  builder.setInsertionPointToStart(block);
  for (Operation *constant : constants)
    builder.clone(*constant, mapping);
  for (Operation *op : ops)
    builder.clone(*op, mapping);
  func::ReturnOp::create(builder, loc);

  llvm::SmallBitVector noAlias = getNoAlias(ops, result.arguments);
  for (unsigned index : noAlias.set_bits())
    function.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(),
                        builder.getUnitAttr());
  bool isStatic = llvm::all_of(result.arguments, [](Value value) {
    auto memref = dyn_cast<MemRefType>(value.getType());
    return memref ? LLVMTypeConverter::canConvertToBarePtr(memref)
                  : !isa<BaseMemRefType>(value.getType());
  });
  if (isStatic)
    function->setAttr("llvm.bareptr", builder.getUnitAttr());
  if (ops.size() > 1)
    function->setAttr(hdp::kProductAttr, builder.getUnitAttr());
  function->setAttr("passthrough",
                    builder.getArrayAttr(builder.getStringAttr("noinline")));
  return result;
}
