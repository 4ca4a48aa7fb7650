//===- RaiseMatch.cpp - the skeleton: a contraction of a softmax ----------===//
//
// Anchored on the second contraction. Its formula is sum_j P * V; one of the
// two factors has to be a softmax over exactly the contracted index j.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>
#include <functional>

using namespace mlir;
using namespace hdp::raise;

/// How far behind the contraction's operand a softmax is still noticed when
/// something stands between.
static constexpr unsigned kNoticeDepth = 4;

/// Every finite number that is used as "less than any score" is below this
/// (0.7 times the lowest f32 is the highest seen; the lowest f16 is -65504).
static constexpr double kLowestStart = -65504.0;

static bool isExponential(Node *node) {
  return node->isOp("math.exp") || node->isOp("math.exp2");
}

/// p -> (numerator, denominator) of numerator / denominator or
/// numerator * (1 / denominator).
static std::optional<std::pair<Node *, Node *>> quotient(Expr &expr, Node *p) {
  if (p->isOp("arith.divf"))
    return std::pair(p->kids[0], p->kids[1]);
  if (!p->isOp("arith.mulf"))
    return std::nullopt;
  for (unsigned side : {0u, 1u}) {
    Node *inverse = expr.peel(p->kids[side]);
    if (inverse->isOp("arith.divf") && expr.isFloat(inverse->kids[0], 1.0))
      return std::pair(p->kids[1 - side], inverse->kids[1]);
  }
  return std::nullopt;
}

/// exponential / something, or the exponential of a difference from a
/// logarithm: the beginning of a softmax.
static bool beginsSoftmax(Expr &expr, Node *node) {
  if (auto parts = quotient(expr, node))
    return isExponential(expr.peel(parts->first));
  return false;
}

/// The quotient of a softmax among what `node` is computed from.
static Node *noticeSoftmax(Expr &expr, Node *node, unsigned depth) {
  node = expr.peel(node);
  if (beginsSoftmax(expr, node))
    return node;
  if (node->kind != NodeKind::Op || depth == 0)
    return nullptr;
  for (Node *kid : node->kids)
    if (Node *found = noticeSoftmax(expr, kid, depth - 1))
      return found;
  return nullptr;
}

/// exp(x - (m + log(sum))) is exp(x - m) / sum.
static bool readLogSumForm(Expr &expr, Node *p, Softmax &softmax) {
  if (!p->isOp("math.exp"))
    return false;
  Node *exponent = expr.peel(p->kids[0]);
  if (!exponent->isOp("arith.subf"))
    return false;
  Node *shift = expr.peel(exponent->kids[1]);
  if (!shift->isOp("arith.addf"))
    return false;
  for (unsigned side : {0u, 1u}) {
    Node *logarithm = expr.peel(shift->kids[side]);
    if (!logarithm->isOp("math.log"))
      continue;
    Type type = exponent->type;
    Node *shifted = expr.makeOp("arith.subf", type,
                                {exponent->kids[0], shift->kids[1 - side]});
    softmax.exponential = expr.makeOp("math.exp", type, {shifted});
    softmax.sum = expr.peel(logarithm->kids[0]);
    return true;
  }
  return false;
}

/// Strips guards `condition ? 0 : p` and finds the quotient below.
static bool readProbability(Expr &expr, Node *p, Softmax &softmax) {
  for (;;) {
    p = expr.peel(p);
    if (!p->isOp("arith.select"))
      break;
    bool zeroWhen = expr.isFloat(p->kids[1], 0.0);
    if (!zeroWhen && !expr.isFloat(p->kids[2], 0.0))
      break;
    softmax.guards.push_back({p->kids[0], zeroWhen});
    p = p->kids[zeroWhen ? 2 : 1];
    softmax.guarded.push_back(p);
  }
  if (readLogSumForm(expr, p, softmax))
    return true;
  if (!beginsSoftmax(expr, p))
    return false;
  auto [numerator, denominator] = *quotient(expr, p);
  softmax.exponential = expr.peel(numerator);
  softmax.sum = expr.peel(denominator);
  return true;
}

/// Where `reduce` of one index, with that index renamed, is `formula` over
/// `atom`.
static bool reducesOver(Expr &expr, Node *reduce, Node *formula,
                        unsigned atom) {
  // The numerator was read without width changes and the like.
  return expr.mayAgree(reduce->atoms[0], atom) &&
         expr.equal(
             expr.peel(expr.rename(reduce->kids[0], reduce->atoms[0], atom)),
             expr.peel(formula));
}

static bool checkReduction(Expr &expr, Node *reduce, Node *formula,
                           unsigned keyAtom, StringRef code, StringRef what,
                           Refusal &refusal) {
  if (reduce->atoms.size() != 1)
    return refusal.because(code, "the softmax's " + what + " runs over " +
                                     Twine(reduce->atoms.size()) +
                                     " dimensions, expected one");
  if (reducesOver(expr, reduce, formula, keyAtom))
    return true;
  llvm::SmallBitVector atoms = expr.atomsOf(formula);
  for (unsigned atom : atoms.set_bits())
    if (atom != keyAtom && reducesOver(expr, reduce, formula, atom))
      return refusal.because("softmax-axis",
                             "the softmax's " + what +
                                 " runs over another dimension than the one "
                                 "the second contraction sums over");
  return refusal.because(code, "the softmax's " + what +
                                   " is taken over other values than its "
                                   "numerator");
}

/// The row maximum, without a clamp that changes nothing.
static Node *readMax(Expr &expr, Node *max) {
  max = expr.peel(max);
  if (max->isOp("arith.maximumf") || max->isOp("arith.maxnumf"))
    for (unsigned side : {0u, 1u})
      if (expr.isFloat(max->kids[side],
                       -std::numeric_limits<double>::infinity()))
        return expr.peel(max->kids[1 - side]);
  return max;
}

static bool readSoftmax(Expr &expr, Softmax &softmax, unsigned keyAtom,
                        Refusal &refusal) {
  Node *sum = softmax.sum;
  if (!sum->isReduce(Combiner::Sum))
    return refusal.because("softmax-sum",
                           "the exponentials are divided by something else "
                           "than their sum");
  if (!expr.isFloat(sum->kids[1], 0.0))
    return refusal.because("softmax-sum",
                           "the sum of the exponentials does not start at 0");
  if (!checkReduction(expr, sum, softmax.exponential, keyAtom, "softmax-sum",
                      "sum", refusal))
    return false;

  if (softmax.exponential->isOp("math.exp2"))
    softmax.factor = std::log(2.0);
  Node *exponent = expr.peel(softmax.exponential->kids[0]);
  if (exponent->isOp("arith.mulf")) {
    for (unsigned side : {0u, 1u}) {
      std::optional<double> factor = expr.floatOf(exponent->kids[side]);
      Node *rest = expr.peel(exponent->kids[1 - side]);
      if (factor && *factor > 0 && rest->isOp("arith.subf")) {
        softmax.factor *= *factor;
        exponent = rest;
        break;
      }
    }
  }
  if (!exponent->isOp("arith.subf")) {
    // Without the maximum subtracted it is the same function.
    softmax.scores = exponent;
    return true;
  }
  softmax.scores = exponent->kids[0];
  softmax.max = readMax(expr, exponent->kids[1]);
  if (!softmax.max->isReduce(Combiner::Max))
    return refusal.because("softmax-max",
                           "what is subtracted before the exponential is not "
                           "a maximum over the scores");
  // Starting at a number that a score may be below would give another shift.
  std::optional<double> start = expr.floatOf(softmax.max->kids[1]);
  if (!start || *start > kLowestStart)
    return refusal.because("softmax-max",
                           "the maximum over the scores does not start at "
                           "-inf");
  return checkReduction(expr, softmax.max, softmax.scores, keyAtom,
                        "softmax-max", "maximum", refusal);
}

/// A load behind changes that only widen it.
static Node *readWidened(Expr &expr, Node *node) {
  for (;;) {
    if (node->kind == NodeKind::Op && node->isOp("arith.extf")) {
      node = node->kids[0];
      continue;
    }
    Node *inner = expr.expand(node);
    if (inner == node || !inner->isOp("arith.extf") ||
        inner->kids[0]->kind != NodeKind::Load)
      return node;
    node = inner->kids[0];
  }
}

/// Exponentials and their sums lead to the contraction, but through an op that
/// cannot be read: says which. `fromSoftmax` was decided on the ops alone.
static bool noticeOpaque(Expr &expr, Node *product, bool fromSoftmax,
                         Refusal &refusal) {
  if (!fromSoftmax)
    return false;
  for (Node *kid : product->kids) {
    Node *factor = expr.peel(kid);
    Operation *def = factor->kind == NodeKind::Load
                         ? factor->value.getDefiningOp()
                         : nullptr;
    if (isa_and_present<tensor::ExtractSliceOp>(def)) {
      refusal.because("sink", "the probabilities are part of a wider softmax");
      return true;
    }
  }
  refusal.because("softmax-form",
                  "an operand comes from exponentials and their sums in a way "
                  "that is not a softmax");
  return true;
}

Outcome hdp::raise::matchSite(Expr &expr, linalg::LinalgOp op, bool fromSoftmax,
                              Site &site, Refusal &refusal) {
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !isa<FloatType>(type.getElementType()))
    return Outcome::NotACandidate;
  site.values = op;
  for (int64_t size : type.getShape())
    site.result.push_back(expr.wholeAtom(expr.newAtom(size)));
  Node *root = expr.expand(expr.load(op->getResult(0), site.result));
  // The division may come after the second contraction.
  Node *divisor = nullptr;
  if (op.getNumReductionLoops() == 0) {
    root = expr.peel(root);
    auto parts = quotient(expr, root);
    if (!parts)
      return Outcome::NotACandidate;
    root = expr.peel(parts->first);
    divisor = expr.peel(parts->second);
  }
  if (!root->isReduce(Combiner::Sum))
    return Outcome::NotACandidate;
  Node *product = expr.peel(root->kids[0]);
  if (!product->isOp("arith.mulf"))
    return Outcome::NotACandidate;

  Softmax softmax;
  std::optional<unsigned> side;
  for (unsigned candidate = 0; candidate < 2 && !side; ++candidate) {
    Node *factor = product->kids[candidate];
    softmax = Softmax();
    if (divisor && divisor->isReduce(Combiner::Sum)) {
      softmax.exponential = expr.peel(factor);
      softmax.sum = divisor;
      if (isExponential(softmax.exponential))
        side = candidate;
    } else if (!divisor && readProbability(expr, factor, softmax)) {
      side = candidate;
    }
  }
  if (!side && divisor)
    return Outcome::NotACandidate;
  if (!side) {
    for (Node *kid : product->kids)
      if (Node *found = noticeSoftmax(expr, kid, kNoticeDepth)) {
        site.sum = expr.peel(quotient(expr, found)->second)->op;
        refusal.because("probability-op",
                        "the probabilities are changed between the softmax "
                        "and the second contraction");
        return Outcome::Refused;
      }
    return noticeOpaque(expr, product, fromSoftmax, refusal)
               ? Outcome::Refused
               : Outcome::NotACandidate;
  }
  site.sum = softmax.sum->op;

  auto matched = [&]() {
    if (root->atoms.size() != 1)
      return refusal.because("contraction",
                             "the second contraction sums over " +
                                 Twine(root->atoms.size()) +
                                 " dimensions, expected one");
    if (!expr.isFloat(root->kids[1], 0.0))
      return refusal.because("accumulate",
                             "the second contraction does not start at 0");
    site.keyAtom = root->atoms[0];
    Node *probability = product->kids[*side];
    if (probability->kind == NodeKind::Load)
      site.probability = probability->access;
    site.value = readWidened(expr, product->kids[1 - *side]);
    if (site.value->kind != NodeKind::Load)
      return refusal.because("value-op",
                             "the values are computed inside the second "
                             "contraction");
    return readSoftmax(expr, softmax, site.keyAtom, refusal) &&
           matchScores(expr, softmax, site, refusal) &&
           matchGuards(expr, softmax, site, refusal) &&
           checkUses(site, refusal);
  };
  return matched() ? Outcome::Matched : Outcome::Refused;
}

//===----------------------------------------------------------------------===//
// Uses
//===----------------------------------------------------------------------===//

/// Collects the ops from `op` back to `scores`; true when it leads there.
static bool collectBetween(Operation *op, Operation *scores,
                           DenseMap<Operation *, bool> &leads) {
  if (op == scores)
    return true;
  auto [known, isNew] = leads.try_emplace(op, false);
  if (!isNew)
    return known->second;
  // Only ops of the same block can lie between: what is outside dominates
  // the product, and bodies are part of their ops.
  bool found = false;
  if (op->getBlock() == scores->getBlock() && scores->isBeforeInBlock(op))
    for (Value operand : op->getOperands())
      if (Operation *def = operand.getDefiningOp())
        found |= collectBetween(def, scores, leads);
  // Values captured by a body are operands too.
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *def = operand.getDefiningOp())
          if (def->getBlock() == scores->getBlock() &&
              op->getBlock() == scores->getBlock() && def->isBeforeInBlock(op))
            found |= collectBetween(def, scores, leads);
    });
  leads[op] = found;
  return found;
}

bool hdp::raise::checkUses(const Site &site, Refusal &refusal) {
  Operation *values = site.values;
  if (site.scores->getBlock() != values->getBlock())
    return refusal.because("contraction",
                           "the two contractions are in different blocks");
  DenseMap<Operation *, bool> leads;
  collectBetween(values, site.scores, leads);
  leads[values] = true;
  auto between = [&](Operation *op) {
    auto found = leads.find(op);
    return found != leads.end() && found->second;
  };
  auto checkUsers = [&](Operation *op) {
    if (site.keepExtraUses)
      return true;
    for (Operation *user : op->getUsers()) {
      Operation *outer = site.scores->getBlock()->findAncestorOpInBlock(*user);
      if ((outer && between(outer)) || isa<tensor::DimOp>(user) ||
          isOpTriviallyDead(user))
        continue;
      bool isScores = op == site.scores;
      return refusal.because(
          "extra-use", Twine(isScores ? "the product of queries and keys"
                                      : "a value between the product and the "
                                        "second contraction") +
                           " is also used elsewhere: made at " +
                           describeLocation(op->getLoc()));
    }
    return true;
  };
  if (!checkUsers(site.scores))
    return false;
  for (auto [op, leadsThere] : leads)
    if (leadsThere && op != values && !checkUsers(op))
      return false;
  // An addend or a mask that comes from the scores is no operand.
  std::function<bool(Node *)> independent = [&](Node *node) {
    Operation *def = node->value ? node->value.getDefiningOp() : nullptr;
    if (def && (def == site.scores || between(def)))
      return false;
    return llvm::all_of(node->kids, independent);
  };
  for (const BiasTerm &bias : site.biases)
    if (!independent(bias.value))
      return refusal.because("scores-op",
                             "what is added to the scores depends on them");
  for (const MaskTerm &mask : site.masks)
    if (!independent(mask.condition))
      return refusal.because("scores-op",
                             "what masks the scores depends on them");
  return true;
}
