//===- EdgeCase.cpp - attentions where rules decide -----------------------===//

#include "EdgeCase.h"
#include "EdgeInputs.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Support/Convert.h"
#include <cmath>
#include <limits>

using namespace hdp;

numerics::Policy EdgeCaseTest::drawEdgePolicy() {
  numerics::Policy policy = drawPolicy();
  if (draw(0, 2) == 0) { // any format
    if (policy.products == numerics::Products::Full) {
      policy.format.integerBits = draw(2, 7);
      policy.format.fractionBits = draw(1, 8 - policy.format.integerBits);
    } else {
      policy.format.integerBits = draw(2, 8);
      policy.format.fractionBits =
          draw(1, std::min<int64_t>(12, 16 - policy.format.integerBits));
    }
  }
  if (policy.exponents == numerics::Exponents::Static && draw(0, 3) == 0)
    for (int64_t *exponent : {&policy.sq, &policy.sk, &policy.sv})
      *exponent = pick<int64_t>({-16, -9, 7, 16});
  if (draw(0, 1)) // where ties are
    policy.threshold = policy.selection == numerics::Selection::TopK
                           ? pick({0.0, 0.25, 0.5, 1.0})
                           : pick({0.0, 0.5, -0.5, 255 / 256.0, -255 / 256.0});
  return policy;
}

double EdgeCaseTest::drawScale() {
  switch (draw(0, 5)) {
  case 0:
    return std::ldexp(1.0, int(draw(-12, 6)));
  case 1:
    return std::ldexp(1.0 + draw(0, 1000) / 1000.0,
                      int(draw(0, 1) ? draw(-126, -20) : draw(20, 126)));
  case 2: // m of N9 rounds up to 2^15
    return std::ldexp(0.693145, int(draw(-8, 2)));
  default:
    return std::ldexp(draw(1, 1000) / 1000.0, int(draw(-6, 2)));
  }
}

Case EdgeCaseTest::makeCase(const numerics::Policy &policy, int64_t d,
                            int64_t dv) {
  Case c;
  c.spec.policy = policy;
  c.spec.scale = drawScale();
  c.spec.query.shape = c.spec.key.shape = {-1, -1, d};
  c.spec.value.shape = c.spec.result.shape = {-1, -1, dv};
  return c;
}

Case EdgeCaseTest::drawDynamicCase() {
  int64_t d = draw(0, 2) ? pick<int64_t>({64, 64, 32, 128, 80}) : draw(1, 70);
  int64_t dv = draw(0, 2) ? pick<int64_t>({64, 64, 32, 128, 16}) : draw(1, 70);
  Case c = makeCase(drawEdgePolicy(), d, dv);
  c.spec.causal = draw(0, 3) == 0;
  ElementType type = pick({ElementType::F32, ElementType::F32, ElementType::F32,
                           ElementType::F16, ElementType::BF16});
  for (TensorSpec *tensor :
       {&c.spec.query, &c.spec.key, &c.spec.value, &c.spec.result})
    tensor->elementType = type;
  int64_t kind = draw(0, 5); // none, mask, bias, both
  auto drawShape = [&]() -> llvm::SmallVector<int64_t, 4> {
    return {pick<int64_t>({1, -1}), pick<int64_t>({1, -1}), -1};
  };
  if (kind == 1 || kind == 3)
    c.spec.mask = TensorSpec{ElementType::I1, drawShape()};
  if (kind == 2 || kind == 3)
    c.spec.bias = TensorSpec{ElementType::F32, drawShape()};
  return c;
}

HostTensor EdgeCaseTest::drawMaskOperand(const TensorSpec &type,
                                         const Case &call, bool isBias) {
  llvm::SmallVector<int64_t> shape(type.shape.begin(), type.shape.end());
  int64_t sizes[] = {call.spec.query.shape[0], call.spec.query.shape[1],
                     call.spec.key.shape[1]};
  for (int dim = 0; dim < 3; ++dim)
    if (shape[dim] < 0)
      shape[dim] = sizes[dim];
  int64_t keys = sizes[2], kind = draw(0, 6);
  int64_t end = draw(0, keys), window = draw(0, 6);
  int64_t chance = pick<int64_t>({2, 50, 98});
  float forbids =
      pick({-8192.0f, -10000.0f, -std::numeric_limits<float>::infinity(),
            -std::numeric_limits<float>::max()});
  // Beside -8192, at rounding's midpoints, beyond the clamp.
  float sizeOfBias = pick({0.0f, 0.0f, 0.25f, 8.0f, 8191.5f, 1e30f});
  float step = float(std::ldexp(call.spec.scale, int(draw(-18, 2))));
  HostTensor tensor(isBias ? ElementType::F32 : ElementType::I1, shape);
  for (int64_t n = 0; n < tensor.getNumElements(); ++n) {
    int64_t row = n / keys % shape[1], key = n % keys;
    bool allows = true;
    switch (kind) {
    case 0: // of keys
      allows = key < end;
      break;
    case 1: // a window
      allows = std::abs(row - key) <= window;
      break;
    case 2: // rows without a key
      allows = row % 5 != 2;
      break;
    case 3: // left padding
      allows = key >= end;
      break;
    case 4: // nothing, everything
      allows = chance > 50;
      break;
    default:
      allows = draw(0, 99) < chance;
    }
    if (!isBias) {
      tensor.as<uint8_t>()[n] = allows;
      continue;
    }
    float x = forbids;
    if (allows && kind % 2)
      x = sizeOfBias * float(draw(-8, 8)) / 8;
    else if (allows)
      x = sizeOfBias == 0 ? 0.0f : float(draw(-8, 8)) * step;
    tensor.as<float>()[n] = x;
  }
  return tensor;
}

Case EdgeCaseTest::drawCall(const Case &site) {
  EdgeInputs edge(random);
  int64_t keyHeads = draw(1, 2);
  int64_t queryHeads = keyHeads * pick<int64_t>({1, 1, 2, 3});
  int64_t lk = edge.drawLength(draw(0, 7) ? 200 : 1200);
  int64_t lq = edge.drawLength(lk > 300 ? 9 : 70);
  if (site.spec.causal && draw(0, 1))
    lq = std::min<int64_t>(lk, 100);
  return drawCall(site, queryHeads, keyHeads, lq, lk);
}

Case EdgeCaseTest::drawCall(const Case &site, int64_t queryHeads,
                            int64_t keyHeads, int64_t lq, int64_t lk) {
  Case c;
  c.spec = site.spec;
  EdgeInputs edge(random);
  resize(c, queryHeads, keyHeads, lq, lk);
  const numerics::Policy &policy = *c.spec.policy;
  numerics::CodeFormat codes = numerics::getQueryKeyFormat(policy);
  numerics::CodeFormat values = numerics::getValueFormat(policy);
  bool isStatic = policy.exponents == numerics::Exponents::Static;
  int64_t exponents[] = {policy.sq, policy.sk, policy.sv};
  const TensorSpec *tensors[] = {&c.spec.query, &c.spec.key, &c.spec.value};
  for (int side = 0; side < 3; ++side) {
    const numerics::CodeFormat &format = side == 2 ? values : codes;
    EdgeFormat edges{
        format.fractionBits, format.lo, format.hi,
        int(isStatic && draw(0, 3) ? exponents[side] : draw(-4, 4))};
    c.inputs.push_back(llvm::cantFail(convertTo(
        edge.draw(tensors[side]->shape, edges), tensors[side]->elementType)));
  }
  drawMaskOperands(c);
  return c;
}

Case EdgeCaseTest::drawExactCall(const Case &site) {
  Case c;
  c.spec = site.spec;
  EdgeInputs edge(random);
  int64_t heads = draw(1, 2), lk = edge.drawLength(draw(0, 3) ? 200 : 1400);
  resize(c, heads * draw(1, 2), heads, edge.drawLength(70), lk);
  for (const TensorSpec *spec : {&c.spec.query, &c.spec.key, &c.spec.value}) {
    HostTensor tensor(ElementType::F32, spec->shape);
    int64_t kind = draw(0, 4), most = pick<int64_t>({1, 8});
    int64_t period = spec->shape[2] * draw(1, 3);
    for (int64_t n = 0; n < tensor.getNumElements(); ++n) {
      float x = float(draw(-most, most));
      if (kind == 0) // constant
        x = float(most);
      else if (kind == 1 && draw(0, 30)) // seldom anything
        x = 0.0f;
      else if (kind == 2 && n >= period) // repeated rows
        x = tensor.as<float>()[n - period];
      tensor.as<float>()[n] = x;
    }
    c.inputs.push_back(llvm::cantFail(convertTo(tensor, spec->elementType)));
  }
  drawMaskOperands(c);
  return c;
}

void EdgeCaseTest::drawMaskOperands(Case &c) {
  if (c.spec.mask)
    c.inputs.push_back(drawMaskOperand(*c.spec.mask, c, false));
  if (c.spec.bias)
    c.inputs.push_back(drawMaskOperand(*c.spec.bias, c, true));
}

void EdgeCaseTest::resize(Case &c, int64_t queryHeads, int64_t keyHeads,
                          int64_t lq, int64_t lk) {
  for (TensorSpec *tensor : {&c.spec.query, &c.spec.result}) {
    tensor->shape[0] = queryHeads;
    tensor->shape[1] = lq;
  }
  for (TensorSpec *tensor : {&c.spec.key, &c.spec.value}) {
    tensor->shape[0] = keyHeads;
    tensor->shape[1] = lk;
  }
}
