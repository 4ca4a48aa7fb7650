//===- RaiseNotice.cpp - attention that raising did not even try ----------===//
//
// A missed attention is worse when it is silent. These look for what usually
// means one (a softmax of a product that no contraction sums over, a softmax in
// integers, an online softmax in a loop) and say why it stays as it is.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace hdp::raise;

static Refusal refusalAt(Operation *op, StringRef code, const Twine &message) {
  Refusal refusal(op->getLoc());
  if (auto function = op->getParentOfType<FunctionOpInterface>())
    refusal.function = function.getName().str();
  refusal.because(code, message);
  return refusal;
}

/// The op that adds up, if the reduction's body is one `Op` of the value so
/// far.
template <typename... Ops> static bool reducesWith(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op->getNumRegions() != 1)
    return false;
  Operation *yield = op.getBlock()->getTerminator();
  return llvm::any_of(yield->getOperands(), [](Value value) {
    return value.getDefiningOp() && isa<Ops...>(value.getDefiningOp());
  });
}

static bool isContraction(linalg::LinalgOp op) {
  return op.getNumReductionLoops() > 0 && op.getNumDpsInputs() >= 2 &&
         reducesWith<arith::AddFOp, arith::AddIOp>(op);
}

//===----------------------------------------------------------------------===//
// Softmaxes left over
//===----------------------------------------------------------------------===//

/// Weights: a matrix that comes from outside.
static bool isWeight(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Operation *def = value.getDefiningOp();
  return type.getRank() <= 2 &&
         (!def || def->hasTrait<OpTrait::ConstantLike>());
}

/// The reduction that sums the exponentials, if `op` is a softmax's sum or a
/// whole softmax.
static Node *readSum(Expr &expr, Operation *op) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !isa<FloatType>(type.getElementType()))
    return nullptr;
  Access access;
  for (int64_t size : type.getShape())
    access.push_back(expr.wholeAtom(expr.newAtom(size)));
  Node *sum = expr.expand(expr.load(op->getResult(0), access));
  if (isa<linalg::SoftmaxOp>(op) && sum->isOp("arith.divf"))
    sum = sum->kids[1];
  return sum->isReduce(Combiner::Sum) && sum->atoms.size() == 1 ? sum : nullptr;
}

static void noticeSoftmax(Operation *op, SizeFacts &sizes,
                          SmallVectorImpl<Refusal> &refusals) {
  Expr expr(sizes);
  Node *sum = readSum(expr, op);
  if (!sum)
    return;
  Node *exponential = expr.peel(sum->kids[0]);
  if (!exponential->isOp("math.exp") && !exponential->isOp("math.exp2"))
    return;
  Node *keys = findKeys(expr, exponential->kids[0], sum->atoms[0]);
  if (!keys || isWeight(keys->value))
    return;
  refusals.push_back(
      refusalAt(op, "no-values",
                "no contraction sums this softmax of a product over the "
                "softmax's dimension"));
}

//===----------------------------------------------------------------------===//
// Softmax in integers
//===----------------------------------------------------------------------===//

/// Walks back from `value` to a contraction, noting an integer maximum and
/// what looks like a table on the way.
static void scanBack(Value value, unsigned &budget, bool &max, bool &product,
                     DenseSet<Operation *> &visited) {
  Operation *def = value.getDefiningOp();
  if (!def || budget == 0 || !visited.insert(def).second)
    return;
  --budget;
  if (auto op = dyn_cast<linalg::LinalgOp>(def)) {
    if (isContraction(op)) {
      product = true;
      return;
    }
    max |= reducesWith<arith::MaxSIOp>(op);
  }
  for (Value operand : def->getOperands())
    if (isa<RankedTensorType>(operand.getType()))
      scanBack(operand, budget, max, product, visited);
  for (Region &region : def->getRegions())
    region.walk([&](tensor::ExtractOp extract) {
      scanBack(extract.getTensor(), budget, max, product, visited);
    });
}

static void noticeIntegerSoftmax(linalg::LinalgOp op,
                                 SmallVectorImpl<Refusal> &refusals) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !isa<IntegerType>(type.getElementType()) || !isContraction(op))
    return;
  for (OpOperand *input : op.getDpsInputOperands()) {
    bool max = false, product = false;
    unsigned budget = 200;
    DenseSet<Operation *> visited;
    scanBack(input->get(), budget, max, product, visited);
    if (!max || !product)
      continue;
    refusals.push_back(refusalAt(
        op, "integer-softmax",
        "the softmax is computed in integers, which has no exact float form"));
    return;
  }
}

//===----------------------------------------------------------------------===//
// Online softmax
//===----------------------------------------------------------------------===//

static bool noticeOnlineSoftmax(scf::ForOp loop,
                                SmallVectorImpl<Refusal> &refusals) {
  if (loop.getInitArgs().size() < 3)
    return false;
  bool exponential = false, max = false;
  unsigned products = 0;
  loop.getBody()->walk([&](Operation *inner) {
    exponential |= isa<math::ExpOp, math::Exp2Op>(inner);
    max |= isa<arith::MaximumFOp, arith::MaxNumFOp>(inner);
    if (auto op = dyn_cast<linalg::LinalgOp>(inner))
      products += isContraction(op);
    else if (inner->getName().getStringRef() == "vector.contract")
      ++products;
  });
  if (!exponential || !max || products < 2)
    return false;
  refusals.push_back(
      refusalAt(loop, "online-softmax",
                "a loop computes softmax and values together (flash form)"));
  return true;
}

void hdp::raise::noticeRest(Operation *root, SizeFacts &sizes,
                            const DenseSet<Operation *> &seen,
                            SmallVectorImpl<Refusal> &refusals) {
  root->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto loop = dyn_cast<scf::ForOp>(op))
      return noticeOnlineSoftmax(loop, refusals) ? WalkResult::skip()
                                                 : WalkResult::advance();
    if (seen.contains(op) || op->getNumResults() == 0)
      return WalkResult::advance();
    auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
    bool reduces = linalgOp && linalgOp.hasPureTensorSemantics() &&
                   linalgOp.getNumReductionLoops() > 0;
    if (isa<linalg::SoftmaxOp>(op) || (reduces && op->getNumResults() == 1 &&
                                       linalgOp.getNumDpsInputs() == 1 &&
                                       reducesWith<arith::AddFOp>(linalgOp)))
      noticeSoftmax(op, sizes, refusals);
    if (reduces)
      noticeIntegerSoftmax(linalgOp, refusals);
    return WalkResult::advance();
  });
}
