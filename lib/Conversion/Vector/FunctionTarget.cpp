//===- FunctionTarget.cpp - the target of one function --------------------===//

#include "hdp/Conversion/FunctionTarget.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace hdp;

static constexpr llvm::StringLiteral kPassthrough = "passthrough";
static constexpr llvm::StringLiteral kTune = "tune-cpu";

/// The function's attributes for LLVM: those of a target, or the others.
static SmallVector<Attribute> getPassthrough(FunctionOpInterface function,
                                             bool ofTarget) {
  SmallVector<Attribute> chosen;
  auto all = function->getAttrOfType<ArrayAttr>(kPassthrough);
  for (Attribute attribute : all ? all.getValue() : ArrayRef<Attribute>()) {
    auto pair = dyn_cast<ArrayAttr>(attribute);
    auto name = pair ? dyn_cast<StringAttr>(pair[0]) : StringAttr();
    bool isOfTarget = name && (name.getValue().starts_with("target-") ||
                               name.getValue() == kTune);
    if (ofTarget == isOfTarget)
      chosen.push_back(attribute);
  }
  return chosen;
}

void hdp::setFunctionTarget(FunctionOpInterface function,
                            const CPUTarget &target) {
  Builder builder(function.getContext());
  SmallVector<Attribute> attributes = getPassthrough(function, false);
  if (!target.features.empty())
    attributes.push_back(
        builder.getStrArrayAttr({"target-features", target.features}));
  if (!target.cpu.empty())
    attributes.push_back(builder.getStrArrayAttr({"target-cpu", target.cpu}));
  // LLVM's scheduler behind register allocation, which runs for some processors
  // (AMD's), puts other tiles in the place of those that are named, and tiles
  // have shapes. It does not run for those that have tiles.
  if (target.kind == TargetKind::AMX)
    attributes.push_back(builder.getStrArrayAttr({kTune, "sapphirerapids"}));
  function->setAttr(kPassthrough, builder.getArrayAttr(attributes));
  function->setAttr(kTargetAttr, builder.getStringAttr(target.name));
}

void hdp::markVectorCode(FunctionOpInterface function) {
  if (!function || function.isPublic())
    return;
  Builder builder(function.getContext());
  auto all = function->getAttrOfType<ArrayAttr>(kPassthrough);
  SmallVector<Attribute> attributes;
  if (all)
    llvm::append_range(attributes, all);
  Attribute mark = builder.getStringAttr(kVectorCode);
  if (!llvm::is_contained(attributes, mark))
    attributes.push_back(mark);
  function->setAttr(kPassthrough, builder.getArrayAttr(attributes));
}

bool hdp::copyFunctionTarget(Operation *op, FunctionOpInterface function) {
  auto around = op->getParentOfType<FunctionOpInterface>();
  if (!around || !around->hasAttr(kTargetAttr))
    return false;
  SmallVector<Attribute> attributes = getPassthrough(function, false);
  llvm::append_range(attributes, getPassthrough(around, true));
  function->setAttr(kPassthrough, ArrayAttr::get(op->getContext(), attributes));
  function->setAttr(kTargetAttr, around->getAttr(kTargetAttr));
  return true;
}

CPUTarget hdp::getFunctionTarget(Operation *op, const CPUTarget &otherwise) {
  auto around = op->getParentOfType<FunctionOpInterface>();
  if (!around)
    return otherwise;
  auto name = around->getAttrOfType<StringAttr>(kTargetAttr);
  if (!name)
    return otherwise;
  return getCPUTarget(name.getValue()).value_or(otherwise);
}
