//===- ReferenceEngine.cpp - walks a site function op by op ---------------===//
//
// The engine that is meant to be read: ops in program order, one function for
// each hdp op (Reference/), and the few upstream ops that site functions hold.
//
//===----------------------------------------------------------------------===//

#include "Reference/Ops.h"
#include "SiteInputs.h"
#include "hdp/Execution/Engine.h"
#include "hdp/Support/Error.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::reference;

namespace {

/// Ops on sizes: `index` and i1 numbers.
bool evaluateNumber(Operation *op, Frame &frame) {
  auto binary = [&](auto function) {
    frame.set(op->getResult(0),
              int64_t(function(frame.getNumber(op->getOperand(0)),
                               frame.getNumber(op->getOperand(1)))));
    return true;
  };
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](arith::ConstantOp constant) {
        auto value = dyn_cast<IntegerAttr>(constant.getValue());
        if (!value)
          return false;
        frame.set(op->getResult(0), value.getType().isInteger(1)
                                        ? int64_t(value.getValue().isOne())
                                        : value.getInt());
        return true;
      })
      .Case([&](arith::AddIOp) {
        return binary([](int64_t a, int64_t b) { return a + b; });
      })
      .Case([&](arith::MulIOp) {
        return binary([](int64_t a, int64_t b) {
          return int64_t(uint64_t(a) * uint64_t(b));
        });
      })
      .Case([&](arith::AndIOp) {
        return binary([](int64_t a, int64_t b) { return a & b; });
      })
      .Case([&](arith::OrIOp) {
        return binary([](int64_t a, int64_t b) { return a | b; });
      })
      .Case([&](arith::MaxUIOp) {
        return binary([](uint64_t a, uint64_t b) { return std::max(a, b); });
      })
      .Case([&](arith::DivUIOp) {
        return binary([](uint64_t a, uint64_t b) { return b ? a / b : 0; });
      })
      .Case([&](arith::RemUIOp) {
        return binary([](uint64_t a, uint64_t b) { return b ? a % b : 0; });
      })
      .Case([&](arith::CmpIOp compare) {
        return binary([&](int64_t a, int64_t b) {
          return arith::applyCmpPredicate(compare.getPredicate(),
                                          APInt(64, a, /*isSigned=*/true),
                                          APInt(64, b, /*isSigned=*/true));
        });
      })
      .Default(false);
}

/// Ops that make, permute or rename tensors, and assertions.
llvm::Expected<bool> evaluateUpstream(Operation *op, Frame &frame) {
  if (auto assertion = dyn_cast<cf::AssertOp>(op)) {
    if (!frame.getNumber(assertion.getArg()))
      return makeError(assertion.getMsg());
    return true;
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    RankedTensorType type = empty.getType();
    llvm::SmallVector<int64_t> shape(type.getShape());
    auto size = empty.getDynamicSizes().begin();
    for (int64_t &dim : shape)
      if (ShapedType::isDynamic(dim))
        dim = frame.getNumber(*size++);
    frame.set(empty.getResult(),
              std::make_shared<HostTensor>(
                  *convertElementType(type.getElementType()), shape));
    return true;
  }
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    int64_t index = frame.getNumber(dim.getIndex());
    frame.set(dim.getResult(), frame.get(dim.getSource()).getShape()[index]);
    return true;
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    auto type = dyn_cast<RankedTensorType>(cast.getType());
    llvm::ArrayRef<int64_t> shape = frame.get(cast.getSource()).getShape();
    if (!type || failed(verifyCompatibleShape(type.getShape(), shape)))
      return makeError("expected the sizes of the inputs to fit the result");
    frame.set(cast.getResult(), frame.getShared(cast.getSource()));
    return true;
  }
  if (auto transposeOp = dyn_cast<linalg::TransposeOp>(op)) {
    frame.set(op->getResult(0), std::make_shared<HostTensor>(
                                    transpose(frame.get(transposeOp.getInput()),
                                              transposeOp.getPermutation())));
    return true;
  }
  return evaluateNumber(op, frame);
}

/// Evaluates an op; false if the engine does not know it.
llvm::Expected<bool> evaluateOp(Operation *op, Frame &frame) {
  auto plain = [&](auto hdpOp) -> llvm::Expected<bool> {
    evaluate(hdpOp, frame);
    return true;
  };
  auto fallible = [&](auto hdpOp) -> llvm::Expected<bool> {
    if (llvm::Error error = evaluate(hdpOp, frame))
      return error;
    return true;
  };
  return llvm::TypeSwitch<Operation *, llvm::Expected<bool>>(op)
      .Case<SplitOp, QuantizeOp, DequantizeOp, SplitMatmulOp, BlockImportanceOp,
            HeadGateOp, BlockMaskOp, SoftmaxOp, ApplyOp>(plain)
      .Case<ValidityOp, AttentionOp>(fallible)
      .Default(
          [&](Operation *other) { return evaluateUpstream(other, frame); });
}

class ReferenceSite : public PreparedSite {
public:
  explicit ReferenceSite(func::FuncOp function) : function(function) {}

  llvm::Expected<std::vector<NamedTensor>>
  run(llvm::ArrayRef<const HostTensor *> inputs) const override;

private:
  mutable func::FuncOp function;
};

} // namespace

llvm::Expected<std::vector<NamedTensor>>
ReferenceSite::run(llvm::ArrayRef<const HostTensor *> inputs) const {
  if (llvm::Error error = checkSiteInputs(function, inputs))
    return error;
  Frame frame;
  for (auto [argument, input] : llvm::zip(function.getArguments(), inputs))
    // The caller's tensor outlives the frame, which does not own it.
    frame.set(argument, std::shared_ptr<const HostTensor>(
                            std::shared_ptr<void>(), input));

  std::vector<NamedTensor> results;
  for (Operation &op : function.front()) {
    if (isa<func::ReturnOp>(op)) {
      for (auto [index, value] : llvm::enumerate(op.getOperands()))
        results.push_back(
            {getTensorName(function.getResultAttr(index, kTensorNameAttr),
                           index),
             frame.get(value)});
      break;
    }
    llvm::Expected<bool> known = evaluateOp(&op, frame);
    if (!known)
      return known.takeError();
  }
  for (NamedTensor &extra : frame.extras)
    results.push_back(std::move(extra));
  return results;
}

namespace {

/// Whether the engine has an evaluation for an op.
bool isKnown(Operation *op) {
  if (auto attention = dyn_cast<AttentionOp>(op))
    return !attention.getPolicy();
  if (isa<SplitOp, QuantizeOp, DequantizeOp, SplitMatmulOp, BlockImportanceOp,
          HeadGateOp, BlockMaskOp, SoftmaxOp, ApplyOp, ValidityOp, cf::AssertOp,
          tensor::EmptyOp, tensor::DimOp, tensor::CastOp, linalg::TransposeOp,
          func::ReturnOp>(op))
    return true;
  return isa<arith::ConstantOp, arith::AddIOp, arith::MulIOp, arith::AndIOp,
             arith::OrIOp, arith::MaxUIOp, arith::DivUIOp, arith::RemUIOp,
             arith::CmpIOp>(op) &&
         llvm::all_of(op->getResultTypes(), [](Type type) {
           return type.isIndex() || type.isInteger(1);
         });
}

class ReferenceEngine : public AttentionEngine {
public:
  llvm::StringRef getName() const override { return "reference"; }

  llvm::Expected<std::unique_ptr<PreparedSite>>
  prepare(func::FuncOp site) const override {
    if (!site.getBody().hasOneBlock())
      return makeError("expected a site function of one block, found '" +
                       site.getName() + "'");
    for (Type type : llvm::concat<const Type>(site.getArgumentTypes(),
                                              site.getResultTypes())) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (tensor && convertElementType(tensor.getElementType()))
        continue;
      std::string text;
      llvm::raw_string_ostream(text) << type;
      return makeError("expected a site function on tensors, found " + text);
    }
    for (Operation &op : site.getBody().front())
      if (!isKnown(&op))
        return makeError("expected ops of decomposed attention, found '" +
                         op.getName().getStringRef() + "'");
    return std::make_unique<ReferenceSite>(site);
  }
};

} // namespace

std::unique_ptr<AttentionEngine> hdp::makeReferenceEngine() {
  return std::make_unique<ReferenceEngine>();
}
