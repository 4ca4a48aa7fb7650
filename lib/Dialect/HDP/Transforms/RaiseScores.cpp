//===- RaiseScores.cpp - scores as product, scale, bias and masks ---------===//
//
// What lies between the first contraction and the softmax is classified, op
// by op from the softmax inwards: constant factors become the scale, addends
// biases, selections of a large negative number masks. Anything else refuses.
//
//===----------------------------------------------------------------------===//

#include "RaiseMatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace hdp::raise;

/// A number that stands for "may not attend" when selected instead of a
/// score: exp of it relative to any score of a model is 0.
static constexpr double kMaskedBelow = -9000.0;
/// Below this a finite selected number swallows what is added to it.
static constexpr double kSwallowsBelow = -1e30;

namespace {

/// One of the factors of the first product: the load, and what scales it.
struct Factor {
  Node *load = nullptr;
  double scale = 1.0;
};

class ScoresReader {
public:
  ScoresReader(Expr &expr, Site &site, Refusal &refusal)
      : expr(expr), site(site), refusal(refusal) {}

  bool read(Node *node, double factor);
  Node *findKeys(Node *node, unsigned depth);
  /// Biases added outside of selections seen so far.
  bool addedOutside = false;

private:
  bool readProduct(Node *node, double factor);
  std::optional<std::pair<Factor, Factor>> productOf(Node *node);
  bool hasProduct(Node *node, unsigned depth = 0);
  Factor stripScale(Node *node);
  bool readSelect(Node *node, double factor);
  bool readSum(Node *node, double factor);
  std::string describe(Node *node);
  unsigned numTerms() const { return site.biases.size() + site.masks.size(); }

  Expr &expr;
  Site &site;
  Refusal &refusal;
  DenseMap<Node *, bool> products;
};

} // namespace

/// q, q * c, c * q, q / c, widened or not: the load and the factor.
Factor ScoresReader::stripScale(Node *node) {
  Factor factor;
  double scale = 1.0;
  for (;;) {
    if (node->kind == NodeKind::Load)
      factor = {node, scale};
    Node *inner = expr.expand(node);
    if (inner->kind != NodeKind::Op)
      return factor;
    if (inner->isOp("arith.extf")) {
      node = inner->kids[0];
      continue;
    }
    if (inner->isOp("arith.mulf")) {
      std::optional<double> right = expr.floatOf(inner->kids[1]);
      std::optional<double> left =
          right ? std::nullopt : expr.floatOf(inner->kids[0]);
      if (right || left) {
        scale *= right ? *right : *left;
        node = inner->kids[right ? 0 : 1];
        continue;
      }
    }
    if (inner->isOp("arith.divf")) {
      std::optional<double> divisor = expr.floatOf(inner->kids[1]);
      if (divisor && *divisor != 0.0) {
        scale /= *divisor;
        node = inner->kids[0];
        continue;
      }
    }
    if (inner->isOp("arith.addf")) {
      bool right = expr.isFloat(inner->kids[1], 0.0);
      if (right || expr.isFloat(inner->kids[0], 0.0)) {
        node = inner->kids[right ? 0 : 1];
        continue;
      }
    }
    return factor;
  }
}

/// sum over one index of query * key, where exactly the key depends on the
/// index the softmax runs over.
std::optional<std::pair<Factor, Factor>> ScoresReader::productOf(Node *node) {
  if (!node->isReduce(Combiner::Sum) || node->atoms.size() > 1 ||
      !expr.isFloat(node->kids[1], 0.0))
    return std::nullopt;
  double scale = 1.0;
  Node *product = expr.peel(node->kids[0]);
  while (product->isOp("arith.mulf")) {
    std::optional<double> constant = expr.floatOf(product->kids[1]);
    if (!constant)
      break;
    scale *= *constant;
    product = expr.peel(product->kids[0]);
  }
  if (!product->isOp("arith.mulf"))
    return std::nullopt;
  Factor left = stripScale(product->kids[0]);
  Factor right = stripScale(product->kids[1]);
  if (!left.load || !right.load)
    return std::nullopt;
  llvm::SmallBitVector leftAtoms = expr.atomsOf(left.load);
  llvm::SmallBitVector rightAtoms = expr.atomsOf(right.load);
  unsigned depth = node->atoms[0];
  if (!leftAtoms.test(depth) || !rightAtoms.test(depth) ||
      leftAtoms.test(site.keyAtom) == rightAtoms.test(site.keyAtom))
    return std::nullopt;
  if (leftAtoms.test(site.keyAtom)) {
    std::swap(left, right);
    std::swap(leftAtoms, rightAtoms);
  }
  // Keys run over what queries or values run over too; a product of something
  // per pair of rows and keys (a learned position bias) is an addend.
  if (site.value) {
    llvm::SmallBitVector known = leftAtoms;
    known |= expr.atomsOf(site.value);
    known.set(site.keyAtom);
    if (rightAtoms.test(known))
      return std::nullopt;
  }
  left.scale *= scale;
  return std::pair(left, right);
}

bool ScoresReader::hasProduct(Node *node, unsigned depth) {
  node = expr.peel(node);
  if (node->kind == NodeKind::Reduce)
    return productOf(node).has_value();
  if (node->kind != NodeKind::Op || depth > 64)
    return false;
  auto [known, isNew] = products.try_emplace(node, false);
  if (!isNew)
    return known->second;
  bool found = llvm::any_of(
      node->kids, [&](Node *kid) { return hasProduct(kid, depth + 1); });
  products[node] = found;
  return found;
}

bool ScoresReader::readProduct(Node *node, double factor) {
  auto parts = productOf(node);
  if (!parts)
    return refusal.because(
        "no-product", "the scores are not a product of queries and keys over "
                      "one dimension");
  site.query = parts->first.load;
  site.key = parts->second.load;
  site.depthAtom = node->atoms[0];
  site.scale = factor * parts->first.scale * parts->second.scale;
  site.scores = node->op;
  return true;
}

bool ScoresReader::readSelect(Node *node, double factor) {
  for (unsigned scoresSide : {1u, 2u}) {
    std::optional<double> other = expr.floatOf(node->kids[3 - scoresSide]);
    if (!other || !hasProduct(node->kids[scoresSide]))
      continue;
    double otherwise = *other * factor;
    // What a factor outside makes too large is -inf, rounding apart.
    if ((node->type.isF32() || node->type.isBF16()) &&
        otherwise < -1.0001 * std::numeric_limits<float>::max())
      otherwise = -std::numeric_limits<double>::infinity();
    // A cut-off outside of the selection replaces -inf.
    if (site.floor && otherwise < *site.floor)
      otherwise = *site.floor;
    if (!(otherwise < kMaskedBelow))
      return refusal.because(
          "mask-constant",
          "the scores are replaced by " + numberText(otherwise) +
              ", expected -inf or a number below " + numberText(kMaskedBelow));
    if (addedOutside && otherwise > kSwallowsBelow)
      return refusal.because("mask-constant",
                             "a bias is added after the scores are replaced "
                             "by " +
                                 numberText(otherwise) +
                                 ", expected -inf or a number below " +
                                 numberText(kSwallowsBelow));
    site.masks.push_back(
        {node->kids[0], scoresSide == 1, otherwise, numTerms()});
    return read(node->kids[scoresSide], factor);
  }
  return refusal.because("mask-constant",
                         "the scores are selected against something that is "
                         "not a constant");
}

bool ScoresReader::readSum(Node *node, double factor) {
  bool subtract = node->isOp("arith.subf");
  bool left = hasProduct(node->kids[0]), right = hasProduct(node->kids[1]);
  if (left && right)
    return refusal.because("two-products",
                           "the scores are a sum of two products");
  if (subtract && right)
    return refusal.because("scores-op",
                           "the scores are subtracted from something");
  Node *bias = node->kids[left ? 1 : 0];
  addedOutside = true;
  site.biases.push_back({bias, subtract ? -factor : factor, numTerms()});
  return read(node->kids[left ? 0 : 1], factor);
}

std::string ScoresReader::describe(Node *node) {
  return node->kind == NodeKind::Op ? node->name.str()
                                    : std::string("an unknown op");
}

bool ScoresReader::read(Node *node, double factor) {
  node = expr.peel(node);
  if (node->kind == NodeKind::Reduce)
    return readProduct(node, factor);
  if (node->kind != NodeKind::Op || !hasProduct(node))
    return refusal.because(
        "no-product", "the scores are not a product of queries and keys over "
                      "one dimension");
  if (node->isOp("arith.mulf")) {
    for (unsigned side : {1u, 0u})
      if (std::optional<double> constant = expr.floatOf(node->kids[side]))
        return read(node->kids[1 - side], factor * *constant);
    return refusal.because("scale-not-constant",
                           "the scores are multiplied by something that is "
                           "not a compile-time constant");
  }
  if (node->isOp("arith.divf")) {
    std::optional<double> divisor = expr.floatOf(node->kids[1]);
    if (divisor && *divisor != 0.0)
      return read(node->kids[0], factor / *divisor);
    return refusal.because("scale-not-constant",
                           "the scores are divided by something that is not a "
                           "compile-time constant");
  }
  if (node->isOp("arith.negf"))
    return read(node->kids[0], -factor);
  if (node->isOp("arith.addf") || node->isOp("arith.subf"))
    return readSum(node, factor);
  if (node->isOp("arith.select"))
    return readSelect(node, factor);
  if (node->isOp("math.tanh"))
    return refusal.because("soft-cap", "the scores are capped by a tanh");
  if (node->isOp("arith.maximumf") || node->isOp("arith.maxnumf"))
    for (unsigned side : {1u, 0u}) {
      std::optional<double> floor = expr.floatOf(node->kids[side]);
      if (floor && *floor * factor < -1e30 && factor > 0 && !site.floor) {
        site.floor = *floor * factor;
        return read(node->kids[1 - side], factor);
      }
    }
  return refusal.because("scores-op", "the scores pass through " +
                                          describe(node) +
                                          " before the softmax");
}

Node *ScoresReader::findKeys(Node *node, unsigned depth) {
  node = expr.peel(node);
  if (node->kind == NodeKind::Reduce) {
    auto parts = productOf(node);
    return parts ? parts->second.load : nullptr;
  }
  if (node->kind != NodeKind::Op || depth == 0 || !hasProduct(node))
    return nullptr;
  for (Node *kid : node->kids)
    if (Node *keys = findKeys(kid, depth - 1))
      return keys;
  return nullptr;
}

Node *hdp::raise::findKeys(Expr &expr, Node *node, unsigned keyAtom) {
  Site site;
  site.keyAtom = keyAtom;
  Refusal ignored(UnknownLoc::get(node->type.getContext()));
  return ScoresReader(expr, site, ignored).findKeys(node, 16);
}

bool hdp::raise::matchScores(Expr &expr, const Softmax &softmax, Site &site,
                             Refusal &refusal) {
  ScoresReader reader(expr, site, refusal);
  if (!reader.read(softmax.scores, softmax.factor))
    return false;
  // In a row that is forbidden throughout, such a number may be more than a
  // bias that forbids, and less than one that does not.
  for (const MaskTerm &mask : site.masks)
    if (mask.otherwise > kSwallowsBelow && !site.biases.empty())
      return refusal.because("mask-constant",
                             "a bias is added before the scores are replaced "
                             "by " +
                                 numberText(mask.otherwise) +
                                 ", expected -inf or a number below " +
                                 numberText(kSwallowsBelow));
  if (!std::isfinite(site.scale))
    return refusal.because("scale-not-constant",
                           "the scale is " + numberText(site.scale) +
                               ", expected a finite number");
  return true;
}

//===----------------------------------------------------------------------===//
// Guards
//===----------------------------------------------------------------------===//

static bool isMinusInfinity(Expr &expr, Node *node) {
  return expr.isFloat(node, -std::numeric_limits<double>::infinity());
}

/// value == -inf: the value.
static Node *comparedWithMinusInfinity(Expr &expr, Node *node) {
  node = expr.expand(node);
  if (!node->isOp("arith.cmpf") || !node->op)
    return nullptr;
  auto predicate = cast<arith::CmpFOp>(node->op).getPredicate();
  if (predicate != arith::CmpFPredicate::OEQ &&
      predicate != arith::CmpFPredicate::UEQ)
    return nullptr;
  for (unsigned side : {0u, 1u})
    if (isMinusInfinity(expr, node->kids[side]))
      return expr.peel(node->kids[1 - side]);
  return nullptr;
}

static bool sameBehindPeel(Expr &expr, Node *a, Node *b) {
  return expr.equal(expr.peel(a), expr.peel(b));
}

/// Whether `condition` implies that all of the row's scores are -inf.
static bool impliesEmptyRow(Expr &expr, Node *condition, const Softmax &softmax,
                            const Site &site) {
  condition = expr.expand(condition);
  // Over the scores or a bias that makes them -inf.
  auto forbids = [&](Node *formula) {
    if (sameBehindPeel(expr, formula, softmax.scores))
      return true;
    return llvm::any_of(site.biases, [&](const BiasTerm &bias) {
      return bias.factor > 0 && sameBehindPeel(expr, formula, bias.value);
    });
  };
  auto overKeys = [&](Node *reduce) {
    return reduce->atoms.size() == 1 &&
           expr.mayAgree(reduce->atoms[0], site.keyAtom);
  };
  // and_j (x_j == -inf)
  if (condition->isReduce(Combiner::And) && overKeys(condition)) {
    Node *body =
        expr.rename(condition->kids[0], condition->atoms[0], site.keyAtom);
    Node *formula = comparedWithMinusInfinity(expr, body);
    return formula && forbids(formula);
  }
  // max_j x_j == -inf
  if (Node *compared = comparedWithMinusInfinity(expr, condition)) {
    if (!compared->isReduce(Combiner::Max))
      return false;
    if (overKeys(compared))
      return forbids(
          expr.rename(compared->kids[0], compared->atoms[0], site.keyAtom));
    return false;
  }
  return false;
}

/// p != p, or p == p inverted: 0 for a NaN only, which is what a row without
/// a key gives.
static bool isNaNTest(Expr &expr, const Softmax::Guard &guard, Node *guarded) {
  using Predicate = arith::CmpFPredicate;
  Node *condition = expr.expand(guard.condition);
  if (!condition->isOp("arith.cmpf") || !condition->op)
    return false;
  Predicate predicate = cast<arith::CmpFOp>(condition->op).getPredicate();
  bool tests = guard.zeroWhen
                   ? predicate == Predicate::UNE || predicate == Predicate::UNO
                   : predicate == Predicate::OEQ || predicate == Predicate::ORD;
  return tests && sameBehindPeel(expr, condition->kids[0], guarded) &&
         sameBehindPeel(expr, condition->kids[1], guarded);
}

bool hdp::raise::matchGuards(Expr &expr, const Softmax &softmax,
                             const Site &site, Refusal &refusal) {
  for (auto [guard, guarded] :
       llvm::zip_equal(softmax.guards, softmax.guarded)) {
    std::optional<TypedAttr> constant = expr.constantOf(guard.condition);
    if (constant &&
        cast<IntegerAttr>(*constant).getValue().isZero() == guard.zeroWhen)
      continue;
    if (isNaNTest(expr, guard, guarded) ||
        (guard.zeroWhen &&
         impliesEmptyRow(expr, guard.condition, softmax, site)))
      continue;
    return refusal.because("guard",
                           "probabilities are replaced by 0 where it is not "
                           "proven that a row has nothing to attend to");
  }
  return true;
}
