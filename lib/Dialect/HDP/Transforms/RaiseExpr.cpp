//===- RaiseExpr.cpp - reading formulas out of structured ops -------------===//
//
// The element of a tensor at given indices, one definition at a time: moves of
// data are looked through at once, everything else only on demand.
//
//===----------------------------------------------------------------------===//

#include "RaiseExpr.h"
#include "RaiseSizes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace hdp::raise;

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

void Node::Profile(llvm::FoldingSetNodeID &id) const {
  id.AddInteger(unsigned(kind));
  id.AddPointer(type.getAsOpaquePointer());
  id.AddPointer(value.getAsOpaquePointer());
  id.AddPointer(attr.getAsOpaquePointer());
  id.AddString(name);
  // Two scalar ops are the same when name and attributes agree (predicates,
  // fast-math); the op itself only says where one of them stands.
  if (op)
    id.AddPointer(op->getAttrDictionary().getAsOpaquePointer());
  auto addIndex = [&](const Index &part) {
    id.AddInteger(part.size());
    for (const Digit &digit : part) {
      id.AddInteger(digit.atom);
      id.AddInteger(digit.div);
      id.AddInteger(digit.ext);
    }
  };
  id.AddInteger(access.size());
  for (const Index &part : access)
    addIndex(part);
  addIndex(index);
  for (Node *kid : kids)
    id.AddPointer(kid);
}

Node *Expr::uniqued(Node &&proto) {
  llvm::FoldingSetNodeID id;
  proto.Profile(id);
  void *position = nullptr;
  if (Node *found = unique.FindNodeOrInsertPos(id, position))
    return found;
  storage.push_back(std::move(proto));
  unique.InsertNode(&storage.back(), position);
  return &storage.back();
}

unsigned Expr::newAtom(int64_t extent) {
  extents.push_back(extent);
  return extents.size() - 1;
}

Index Expr::wholeAtom(unsigned atom) const {
  if (extents[atom] == 1)
    return {};
  return {Digit{atom, 1, extents[atom]}};
}

Node *Expr::makeConst(TypedAttr attr) {
  Node proto;
  proto.kind = NodeKind::Const;
  proto.type = attr.getType();
  proto.attr = attr;
  return uniqued(std::move(proto));
}

Node *Expr::makeFloat(Type type, double value) {
  return makeConst(FloatAttr::get(type, value));
}

Node *Expr::makeOp(StringRef name, Type type, ArrayRef<Node *> kids,
                   Operation *op) {
  Node proto;
  proto.kind = NodeKind::Op;
  proto.type = type;
  proto.name = name;
  proto.op = op;
  proto.kids.assign(kids.begin(), kids.end());
  return uniqued(std::move(proto));
}

Node *Expr::makeScalar(Value value, unsigned depth) {
  TypedAttr constant;
  if (matchPattern(value, m_Constant(&constant)) &&
      isa<FloatAttr, IntegerAttr>(constant))
    return makeConst(constant);
  // Scalar arithmetic around the structured ops reads like a body.
  Operation *def = value.getDefiningOp();
  if (def && depth < 8 && def->getNumResults() == 1 &&
      def->getNumRegions() == 0 && def->getNumOperands() > 0 &&
      isa<arith::ArithDialect, math::MathDialect>(def->getDialect()) &&
      llvm::none_of(def->getOperandTypes(), llvm::IsaPred<ShapedType>)) {
    SmallVector<Node *> kids;
    for (Value operand : def->getOperands())
      kids.push_back(makeScalar(operand, depth + 1));
    return makeOp(def->getName().getStringRef(), value.getType(), kids, def);
  }
  Node proto;
  proto.kind = NodeKind::Scalar;
  proto.type = value.getType();
  proto.value = value;
  return uniqued(std::move(proto));
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

Node *Expr::readExtract(Operation *op, ArrayRef<Node *> indices) {
  auto extract = cast<tensor::ExtractOp>(op);
  auto type = dyn_cast<RankedTensorType>(extract.getTensor().getType());
  if (!type)
    return nullptr;
  Access access;
  for (auto [dim, found] : llvm::enumerate(indices)) {
    Node *node = found;
    if (type.getDimSize(dim) == 1) {
      access.emplace_back();
      continue;
    }
    // A broadcast of a size known only at run time reads index
    // `size == 1 ? 0 : i` with i < size (the result has the broadcast size,
    // which is this size or this is 1).
    if (node->isOp("arith.select") && node->kids.size() == 3 &&
        node->kids[1]->kind == NodeKind::Const &&
        node->kids[2]->kind == NodeKind::Index && node->op &&
        sizes.isIdentitySelect(cast<arith::SelectOp>(node->op), extract, dim))
      node = node->kids[2];
    if (node->kind != NodeKind::Index)
      return nullptr;
    access.push_back(node->index);
  }
  return load(extract.getTensor(), std::move(access));
}

Node *Expr::readBody(Value value, Block *body, const ArgNodes &args,
                     ArrayRef<Index> loops, DenseMap<Value, Node *> &seen) {
  if (auto arg = dyn_cast<BlockArgument>(value))
    if (arg.getOwner() == body)
      return args[arg.getArgNumber()];
  Operation *def = value.getDefiningOp();
  if (!def || def->getBlock() != body)
    return makeScalar(value);
  if (Node *known = seen.lookup(value))
    return known;

  Node *node = nullptr;
  TypedAttr constant;
  if (matchPattern(def, m_Constant(&constant))) {
    node = makeConst(constant);
  } else if (auto index = dyn_cast<linalg::IndexOp>(def)) {
    Node proto;
    proto.kind = NodeKind::Index;
    proto.type = value.getType();
    proto.index = loops[index.getDim()];
    node = uniqued(std::move(proto));
  } else if (def->getNumResults() == 1 && def->getNumRegions() == 0) {
    SmallVector<Node *> kids;
    bool extract = isa<tensor::ExtractOp>(def);
    for (Value operand : extract ? def->getOperands().drop_front()
                                 : OperandRange(def->getOperands())) {
      Node *kid = readBody(operand, body, args, loops, seen);
      if (!kid)
        return nullptr;
      kids.push_back(kid);
    }
    if (extract)
      node = readExtract(def, kids);
    else if (isPure(def))
      node = makeOp(def->getName().getStringRef(), value.getType(), kids, def);
  }
  seen[value] = node;
  return node;
}

/// An acceptable body has nothing in it that happens besides its result.
static bool hasPureBody(linalg::LinalgOp op) {
  return llvm::all_of(op.getBlock()->without_terminator(),
                      [](Operation &inner) {
                        return inner.getNumRegions() == 0 && isPure(&inner);
                      });
}

static std::optional<Combiner> combinerOf(Node *node, Node *acc,
                                          Node *&contribution) {
  auto other = [&]() -> Node * {
    if (node->kids.size() != 2)
      return nullptr;
    if (node->kids[0] == acc)
      return node->kids[1];
    return node->kids[1] == acc ? node->kids[0] : nullptr;
  };
  if (node->kind != NodeKind::Op)
    return std::nullopt;
  std::optional<Combiner> combiner =
      llvm::StringSwitch<std::optional<Combiner>>(node->name)
          .Case("arith.addf", Combiner::Sum)
          .Cases({"arith.maximumf", "arith.maxnumf"}, Combiner::Max)
          .Case("arith.andi", Combiner::And)
          .Case("arith.ori", Combiner::Or)
          .Default(std::nullopt);
  if (combiner) {
    contribution = other();
    if (!contribution ||
        (*combiner != Combiner::Sum && *combiner != Combiner::Max &&
         !node->type.isInteger(1)))
      return std::nullopt;
    return combiner;
  }
  // x > acc ? x : acc, in its four spellings.
  if (!node->isOp("arith.select") || !node->kids[0]->isOp("arith.cmpf") ||
      !node->kids[0]->op)
    return std::nullopt;
  using Predicate = arith::CmpFPredicate;
  Node *left = node->kids[0]->kids[0], *right = node->kids[0]->kids[1];
  Predicate predicate = cast<arith::CmpFOp>(node->kids[0]->op).getPredicate();
  bool greater = llvm::is_contained(
      {Predicate::OGT, Predicate::OGE, Predicate::UGT, Predicate::UGE},
      predicate);
  bool less = llvm::is_contained(
      {Predicate::OLT, Predicate::OLE, Predicate::ULT, Predicate::ULE},
      predicate);
  if (less)
    std::swap(left, right);
  if ((!greater && !less) || node->kids[1] != left || node->kids[2] != right)
    return std::nullopt;
  contribution = left == acc ? right : left;
  if (left != acc && right != acc)
    return std::nullopt;
  return Combiner::Max;
}

/// Whether the value so far of any output occurs in `node`.
static bool usesValueSoFar(Node *node) {
  llvm::SmallPtrSet<Node *, 16> visited;
  SmallVector<Node *> worklist{node};
  while (!worklist.empty()) {
    Node *next = worklist.pop_back_val();
    if (!visited.insert(next).second)
      continue;
    if (next->kind == NodeKind::Acc)
      return true;
    if (next->kind == NodeKind::Op)
      worklist.append(next->kids.begin(), next->kids.end());
  }
  return false;
}

Node *Expr::expandLinalg(linalg::LinalgOp op, unsigned result, Node *node) {
  if (op->getNumRegions() != 1 || !hasPureBody(op))
    return node;
  SmallVector<unsigned> reduced;
  std::optional<SmallVector<Index>> loops =
      bindLoops(op, result, node->access, &reduced);
  if (!loops)
    return node;
  ArgNodes args;
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!isa<RankedTensorType>(input->get().getType())) {
      args.push_back(makeScalar(input->get()));
      continue;
    }
    auto access = operandAccess(op.getMatchingIndexingMap(input), *loops);
    if (!access)
      return node;
    args.push_back(load(input->get(), std::move(*access)));
  }
  // While reducing, the outputs stand for the value so far.
  Node *acc = nullptr;
  for (int64_t out = 0; out < op.getNumDpsInits(); ++out) {
    OpOperand *init = op.getDpsInitOperand(out);
    if (!reduced.empty()) {
      Node proto;
      proto.kind = NodeKind::Acc;
      proto.type = getElementTypeOrSelf(init->get().getType());
      proto.value = init->get();
      proto.index = {Digit{unsigned(out), 0, 0}};
      args.push_back(uniqued(std::move(proto)));
      if (unsigned(out) == result)
        acc = args.back();
      continue;
    }
    auto access = operandAccess(op.getMatchingIndexingMap(init), *loops);
    if (!access)
      return node;
    args.push_back(load(init->get(), std::move(*access)));
  }
  DenseMap<Value, Node *> seen;
  Value yielded = op.getBlock()->getTerminator()->getOperand(result);
  Node *body = readBody(yielded, op.getBlock(), args, *loops, seen);
  if (!body)
    return node;
  if (reduced.empty())
    return body;

  Node *contribution = nullptr;
  std::optional<Combiner> combiner = combinerOf(body, acc, contribution);
  if (!combiner)
    return node;
  if (usesValueSoFar(contribution))
    return node;
  Node reduce;
  reduce.kind = NodeKind::Reduce;
  reduce.type = node->type;
  reduce.op = op;
  reduce.combiner = *combiner;
  reduce.atoms.assign(reduced.begin(), reduced.end());
  Node *init = load(op.getDpsInits()[result], node->access);
  reduce.kids = {contribution, init};
  storage.push_back(std::move(reduce));
  return &storage.back();
}

/// linalg.softmax, written out: exp(x - max x) / sum exp(x - max x).
Node *Expr::expandSoftmax(linalg::SoftmaxOp op, Node *node) {
  auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
  int64_t dim = op.getDimension();
  if (!type || dim >= type.getRank() || node->access[dim].empty())
    return node;
  auto reduceOf = [&](Combiner combiner, double init,
                      llvm::function_ref<Node *(const Access &)> body) {
    Node reduce;
    reduce.kind = NodeKind::Reduce;
    reduce.type = node->type;
    reduce.op = op;
    reduce.combiner = combiner;
    reduce.atoms = {newAtom(type.getDimSize(dim))};
    Access access = node->access;
    access[dim] = wholeAtom(reduce.atoms.front());
    reduce.kids = {body(access), makeFloat(node->type, init)};
    storage.push_back(std::move(reduce));
    return &storage.back();
  };
  Node *max = reduceOf(
      Combiner::Max, -std::numeric_limits<double>::infinity(),
      [&](const Access &access) { return load(op.getInput(), access); });
  auto exponential = [&](const Access &access) {
    Node *shifted =
        makeOp("arith.subf", node->type, {load(op.getInput(), access), max});
    return makeOp("math.exp", node->type, {shifted});
  };
  Node *sum = reduceOf(Combiner::Sum, 0.0, exponential);
  return makeOp("arith.divf", node->type, {exponential(node->access), sum});
}

Node *Expr::expandLoad(Node *node) {
  Operation *def = node->value.getDefiningOp();
  if (!def)
    return node;
  unsigned result = cast<OpResult>(node->value).getResultNumber();
  if (auto op = dyn_cast<linalg::SoftmaxOp>(def))
    return expandSoftmax(op, node);
  if (auto op = dyn_cast<linalg::LinalgOp>(def))
    return expandLinalg(op, result, node);
  if (auto op = dyn_cast<tensor::SplatOp>(def))
    return makeScalar(op.getInput());
  if (auto op = dyn_cast<tensor::FromElementsOp>(def))
    if (op.getElements().size() == 1)
      return makeScalar(op.getElements().front());
  DenseElementsAttr elements;
  if (matchPattern(def, m_Constant(&elements)) &&
      (elements.isSplat() || elements.getNumElements() == 1))
    return makeConst(cast<TypedAttr>(*elements.value_begin<Attribute>()));
  // Elementwise arithmetic directly on tensors.
  if (def->hasTrait<OpTrait::Elementwise>() && def->getNumResults() == 1 &&
      def->getNumRegions() == 0 && isPure(def)) {
    SmallVector<Node *> kids;
    for (Value operand : def->getOperands()) {
      bool tensor = isa<RankedTensorType>(operand.getType());
      kids.push_back(tensor ? load(operand, node->access)
                            : makeScalar(operand));
    }
    return makeOp(def->getName().getStringRef(), node->type, kids, def);
  }
  return node;
}

Node *Expr::expand(Node *node) {
  if (node->kind != NodeKind::Load)
    return node;
  if (!node->expanded) {
    Node *next = expandLoad(node);
    node->expanded = next;
    if (next != node)
      node->expanded = expand(next);
  }
  return node->expanded;
}

Node *Expr::peel(Node *node) {
  for (;;) {
    node = expand(node);
    if (node->kind != NodeKind::Op)
      return node;
    if (node->isOp("arith.extf") || node->isOp("arith.truncf")) {
      node = node->kids[0];
      continue;
    }
    if (node->isOp("arith.select")) {
      std::optional<TypedAttr> condition = constantOf(node->kids[0]);
      if (!condition || !isa<IntegerAttr>(*condition))
        return node;
      node =
          node->kids[cast<IntegerAttr>(*condition).getValue().isZero() ? 2 : 1];
      continue;
    }
    bool add = node->isOp("arith.addf"), mul = node->isOp("arith.mulf");
    if ((add || mul) && isFloat(node->kids[1], add ? 0.0 : 1.0)) {
      node = node->kids[0];
      continue;
    }
    if ((add || mul) && isFloat(node->kids[0], add ? 0.0 : 1.0)) {
      node = node->kids[1];
      continue;
    }
    if ((node->isOp("arith.subf") && isFloat(node->kids[1], 0.0)) ||
        (node->isOp("arith.divf") && isFloat(node->kids[1], 1.0))) {
      node = node->kids[0];
      continue;
    }
    return node;
  }
}
