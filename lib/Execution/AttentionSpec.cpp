//===- AttentionSpec.cpp - a site function from plain values --------------===//
//
// Builds the op inside a throw-away function, lets its verifier judge it, and
// refines it as hdp-run does with a model's attention.
//
//===----------------------------------------------------------------------===//

#include "hdp/Execution/AttentionSpec.h"
#include "hdp/Dialect/HDP/Transforms/Decompose.h"
#include "hdp/Numerics/Limits.h"
#include "hdp/Support/Error.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace hdp;

static Type convertElementType(ElementType type, MLIRContext *context) {
  Builder builder(context);
  switch (type) {
  case ElementType::I1:
    return builder.getI1Type();
  case ElementType::F16:
    return builder.getF16Type();
  case ElementType::BF16:
    return builder.getBF16Type();
  case ElementType::F32:
    return builder.getF32Type();
  case ElementType::F64:
    return builder.getF64Type();
  case ElementType::U8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case ElementType::I8:
    return builder.getI8Type();
  case ElementType::I16:
    return builder.getI16Type();
  case ElementType::I32:
    return builder.getI32Type();
  case ElementType::I64:
    return builder.getI64Type();
  }
  return Type();
}

static RankedTensorType convertType(const TensorSpec &spec,
                                    MLIRContext *context) {
  llvm::SmallVector<int64_t> shape;
  for (int64_t size : spec.shape)
    shape.push_back(size < 0 ? ShapedType::kDynamic : size);
  return RankedTensorType::get(shape,
                               convertElementType(spec.elementType, context));
}

/// Adds a private function that holds the op on its arguments.
static func::FuncOp buildHolder(const AttentionSpec &spec, ModuleOp module) {
  MLIRContext *context = module.getContext();
  OpBuilder builder(context);
  builder.setInsertionPointToEnd(module.getBody());
  Location loc = builder.getUnknownLoc();

  llvm::SmallVector<Type> types = {convertType(spec.query, context),
                                   convertType(spec.key, context),
                                   convertType(spec.value, context)};
  if (spec.mask)
    types.push_back(convertType(*spec.mask, context));
  if (spec.bias)
    types.push_back(convertType(*spec.bias, context));
  RankedTensorType resultType = convertType(spec.result, context);
  types.push_back(resultType);

  auto holder = func::FuncOp::create(
      builder, loc, "attention", builder.getFunctionType(types, resultType));
  holder.setPrivate();
  Block *body = holder.addEntryBlock();
  builder.setInsertionPointToStart(body);
  auto perm = [&](llvm::ArrayRef<int64_t> order) {
    return order.empty() ? DenseI64ArrayAttr()
                         : builder.getDenseI64ArrayAttr(order);
  };
  unsigned next = 3;
  Value mask = spec.mask ? Value(body->getArgument(next++)) : Value();
  Value bias = spec.bias ? Value(body->getArgument(next++)) : Value();
  auto attention = AttentionOp::create(
      builder, loc, TypeRange(resultType), body->getArgument(0),
      body->getArgument(1), body->getArgument(2), mask, bias,
      body->getArgument(next), builder.getF64FloatAttr(spec.scale),
      spec.causal ? builder.getUnitAttr() : UnitAttr(),
      spec.policy ? PolicyAttr::get(context, *spec.policy) : PolicyAttr(),
      perm(spec.queryPerm), perm(spec.keyPerm), perm(spec.valuePerm),
      perm(spec.resultPerm));
  func::ReturnOp::create(builder, loc, attention->getResults());
  return holder;
}

llvm::Expected<func::FuncOp> hdp::buildSite(const AttentionSpec &spec,
                                            ModuleOp module) {
  if (spec.policy)
    if (std::optional<std::string> message =
            numerics::checkPolicy(*spec.policy))
      return makeError(*message);
  MLIRContext *context = module.getContext();
  context->loadDialect<HDPDialect, arith::ArithDialect, cf::ControlFlowDialect,
                       func::FuncDialect, linalg::LinalgDialect,
                       tensor::TensorDialect>();
  std::string message;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return success();
  });
  func::FuncOp holder = buildHolder(spec, module);
  FailureOr<func::FuncOp> site = failure();
  if (succeeded(verify(holder))) {
    auto attention = *holder.getOps<AttentionOp>().begin();
    site = buildSiteFunction(module, attention, "site", SiteResults::All);
  }
  holder.erase();
  if (failed(site) || failed(verify(*site)))
    return makeError(message);
  return *site;
}
