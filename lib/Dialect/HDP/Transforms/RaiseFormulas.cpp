//===- RaiseFormulas.cpp - constants in formulas, and when two are equal --===//

#include "RaiseExpr.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/SmallPtrSet.h"

#include <cmath>

using namespace mlir;
using namespace hdp::raise;

/// How deep a chain of scalar definitions may be and still count as constant.
static constexpr unsigned kConstantDepth = 16;
/// How deep two formulas are compared through definitions that differ.
static constexpr unsigned kEqualDepth = 24;
/// How many pairs one comparison may look at.
static constexpr unsigned kEqualBudget = 4000;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static TypedAttr roundedTo(Type type, double value) {
  return FloatAttr::get(type, value);
}

std::optional<TypedAttr> Expr::computeConstant(Node *node, unsigned depth) {
  node = expand(node);
  if (node->kind == NodeKind::Const)
    return cast<TypedAttr>(node->attr);
  if (depth > kConstantDepth)
    return std::nullopt;
  if (node->isReduce(Combiner::Max)) {
    // The maximum of a constant and a constant.
    auto body = computeConstant(node->kids[0], depth + 1);
    auto init = computeConstant(node->kids[1], depth + 1);
    if (!body || !init || !isa<FloatAttr>(*body) || !isa<FloatAttr>(*init))
      return std::nullopt;
    double a = cast<FloatAttr>(*body).getValueAsDouble();
    double b = cast<FloatAttr>(*init).getValueAsDouble();
    return roundedTo(node->type, a > b ? a : b);
  }
  if (node->kind != NodeKind::Op)
    return std::nullopt;
  if (node->constant)
    return *node->constant;
  node->constant = std::optional<TypedAttr>();
  SmallVector<double, 2> values;
  for (Node *kid : node->kids) {
    std::optional<TypedAttr> value = computeConstant(kid, depth + 1);
    if (!value)
      return std::nullopt;
    if (auto attr = dyn_cast<FloatAttr>(*value))
      values.push_back(attr.getValueAsDouble());
    else if (auto attr = dyn_cast<IntegerAttr>(*value);
             attr && attr.getValue().getBitWidth() <= 64)
      values.push_back(node->isOp("arith.uitofp")
                           ? double(attr.getValue().getZExtValue())
                           : double(attr.getValue().getSExtValue()));
    else
      return std::nullopt;
  }
  if (node->isOp("arith.cmpf") && node->op) {
    bool truth =
        arith::applyCmpPredicate(cast<arith::CmpFOp>(node->op).getPredicate(),
                                 APFloat(values[0]), APFloat(values[1]));
    node->constant =
        std::optional<TypedAttr>(IntegerAttr::get(node->type, truth));
    return *node->constant;
  }
  // Computed in f64 and rounded once to the op's type: for f32 and narrower
  // that is what the op itself gives, for f64 it is the op.
  if (!isa<FloatType>(node->type))
    return std::nullopt;
  std::optional<double> result;
  if (values.size() == 1)
    result = llvm::StringSwitch<std::optional<double>>(node->name)
                 .Cases({"arith.extf", "arith.truncf", "arith.sitofp",
                         "arith.uitofp"},
                        values[0])
                 .Case("arith.negf", -values[0])
                 .Case("math.sqrt", std::sqrt(values[0]))
                 .Case("math.rsqrt", 1.0 / std::sqrt(values[0]))
                 .Default(std::nullopt);
  if (values.size() == 2)
    result = llvm::StringSwitch<std::optional<double>>(node->name)
                 .Case("arith.addf", values[0] + values[1])
                 .Case("arith.subf", values[0] - values[1])
                 .Case("arith.mulf", values[0] * values[1])
                 .Case("arith.divf", values[0] / values[1])
                 .Case("math.powf", std::pow(values[0], values[1]))
                 .Default(std::nullopt);
  if (!result)
    return std::nullopt;
  node->constant = std::optional<TypedAttr>(roundedTo(node->type, *result));
  return *node->constant;
}

std::optional<TypedAttr> Expr::constantOf(Node *node) {
  return computeConstant(node, 0);
}

std::optional<double> Expr::floatOf(Node *node) {
  std::optional<TypedAttr> value = constantOf(node);
  if (value)
    if (auto attr = dyn_cast<FloatAttr>(*value))
      return attr.getValueAsDouble();
  return std::nullopt;
}

bool Expr::isFloat(Node *node, double value) {
  std::optional<double> found = floatOf(node);
  return found && *found == value;
}

//===----------------------------------------------------------------------===//
// Renaming and equality
//===----------------------------------------------------------------------===//

static bool usesAtom(const Index &index, unsigned atom) {
  return llvm::any_of(index,
                      [&](const Digit &digit) { return digit.atom == atom; });
}

llvm::SmallBitVector Expr::atomsOf(Node *node) const {
  llvm::SmallBitVector atoms(extents.size());
  auto addIndex = [&](const hdp::raise::Index &index) {
    for (const Digit &digit : index)
      atoms.set(digit.atom);
  };
  // A body may use a value many times: every formula is visited once. The
  // index of a reduction occurs nowhere outside of it.
  llvm::SmallPtrSet<Node *, 16> visited;
  SmallVector<Node *> worklist{node};
  SmallVector<unsigned> reduced;
  while (!worklist.empty()) {
    Node *next = worklist.pop_back_val();
    if (!visited.insert(next).second)
      continue;
    for (const hdp::raise::Index &index : next->access)
      addIndex(index);
    if (next->kind == NodeKind::Index)
      addIndex(next->index);
    reduced.append(next->atoms.begin(), next->atoms.end());
    worklist.append(next->kids.begin(), next->kids.end());
  }
  for (unsigned atom : reduced)
    atoms.reset(atom);
  return atoms;
}

Node *Expr::rename(Node *node, unsigned from, unsigned to) {
  DenseMap<Node *, Node *> done;
  return from == to ? node : renameOnce(node, from, to, done);
}

Node *Expr::renameOnce(Node *node, unsigned from, unsigned to,
                       DenseMap<Node *, Node *> &done) {
  if (Node *known = done.lookup(node))
    return known;
  Node *result = renameIn(node, from, to, done);
  done[node] = result;
  return result;
}

Node *Expr::renameIn(Node *node, unsigned from, unsigned to,
                     DenseMap<Node *, Node *> &done) {
  // The same loop may be known exactly in one place and not in the other.
  auto renamed = [&](hdp::raise::Index index) {
    for (Digit &digit : index) {
      if (digit.atom != from)
        continue;
      digit.atom = to;
      bool toTheTop = ShapedType::isDynamic(digit.ext) ||
                      digit.div * digit.ext == extents[from];
      if (toTheTop)
        digit.ext = ShapedType::isDynamic(extents[to])
                        ? extents[to]
                        : extents[to] / digit.div;
    }
    return index;
  };
  switch (node->kind) {
  case NodeKind::Load: {
    if (llvm::none_of(node->access,
                      [&](const auto &part) { return usesAtom(part, from); }))
      return node;
    Access access;
    for (const auto &part : node->access)
      access.push_back(renamed(part));
    return load(node->value, std::move(access));
  }
  case NodeKind::Index: {
    if (!usesAtom(node->index, from))
      return node;
    Node proto;
    proto.kind = NodeKind::Index;
    proto.type = node->type;
    proto.index = renamed(node->index);
    return uniqued(std::move(proto));
  }
  case NodeKind::Op: {
    SmallVector<Node *> kids;
    for (Node *kid : node->kids)
      kids.push_back(renameOnce(kid, from, to, done));
    return makeOp(node->name, node->type, kids, node->op);
  }
  case NodeKind::Reduce: {
    SmallVector<Node *, 2> kids;
    for (Node *kid : node->kids)
      kids.push_back(renameOnce(kid, from, to, done));
    if (ArrayRef(kids) == ArrayRef(node->kids))
      return node;
    Node copy;
    copy.kind = NodeKind::Reduce;
    copy.type = node->type;
    copy.op = node->op;
    copy.combiner = node->combiner;
    copy.atoms = node->atoms;
    copy.kids = kids;
    storage.push_back(std::move(copy));
    return &storage.back();
  }
  case NodeKind::Const:
  case NodeKind::Scalar:
  case NodeKind::Acc:
    return node;
  }
  llvm_unreachable("every kind of formula is handled");
}

bool Expr::mayAgree(unsigned a, unsigned b) const {
  return extents[a] == extents[b] || ShapedType::isDynamic(extents[a]) ||
         ShapedType::isDynamic(extents[b]);
}

bool Expr::equalExpanded(Node *a, Node *b, unsigned depth) {
  if (a == b)
    return true;
  if (depth > kEqualDepth || a->type != b->type || budget == 0)
    return false;
  --budget;
  a = expand(a);
  b = expand(b);
  if (a == b)
    return true;
  if (a->kind != b->kind || a->kids.size() != b->kids.size())
    return false;
  if (a->kind == NodeKind::Op) {
    if (a->name != b->name ||
        (a->op && b->op &&
         a->op->getAttrDictionary() != b->op->getAttrDictionary()))
      return false;
    return llvm::all_of(llvm::zip_equal(a->kids, b->kids), [&](auto pair) {
      return equalExpanded(std::get<0>(pair), std::get<1>(pair), depth + 1);
    });
  }
  if (a->kind != NodeKind::Reduce || a->combiner != b->combiner ||
      a->atoms.size() != b->atoms.size())
    return false;
  Node *body = b->kids[0];
  for (auto [mine, theirs] : llvm::zip_equal(a->atoms, b->atoms)) {
    if (!mayAgree(mine, theirs))
      return false;
    // What is addressed fixes the range; a body that does not use the index
    // would leave it open.
    if (ShapedType::isDynamic(extents[mine]) && !atomsOf(a->kids[0]).test(mine))
      return false;
    body = rename(body, theirs, mine);
  }
  return equalExpanded(a->kids[0], body, depth + 1) &&
         equalExpanded(a->kids[1], b->kids[1], depth + 1);
}

bool Expr::equal(Node *a, Node *b) {
  budget = kEqualBudget;
  return equalExpanded(a, b, 0);
}
