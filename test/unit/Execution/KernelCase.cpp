//===- KernelCase.cpp - random attentions that have a kernel --------------===//

#include "KernelCase.h"
#include "hdp/Support/Convert.h"
#include <cmath>
#include <cstdlib>
#include <limits>

using namespace hdp;

Seeds Seeds::get(uint64_t first, uint64_t count) {
  if (const char *text = std::getenv("HDP_TEST_COUNT"))
    count = std::strtoull(text, nullptr, 10);
  if (const char *text = std::getenv("HDP_TEST_FIRST"))
    first = std::strtoull(text, nullptr, 10);
  Seeds seeds{first, count};
  std::printf("seeds %llu to %llu\n", (unsigned long long)first,
              (unsigned long long)(seeds.end() - 1));
  std::fflush(stdout);
  return seeds;
}

numerics::Policy KernelCaseTest::drawPolicy() {
  numerics::Policy policy;
  if (draw(0, 1)) {
    policy.products = numerics::Products::Cross;
    policy.format = pick<numerics::Format>(
        {{4, 8}, {4, 8}, {3, 3}, {8, 4}, {4, 10}, {5, 6}, {8, 8}, {4, 12}});
  } else {
    policy.format =
        pick<numerics::Format>({{4, 4}, {4, 3}, {5, 3}, {2, 2}, {7, 1}});
  }
  policy.importance =
      pick({numerics::Importance::Signed, numerics::Importance::Abs});
  policy.measure =
      pick({numerics::Measure::Spread, numerics::Measure::Magnitude});
  policy.gated = pick({numerics::Gated::Zero, numerics::Gated::Mean});
  if (draw(0, 2) == 0)
    policy.tau = std::ldexp(draw(1, 100) / 100.0, draw(-4, 12));
  policy.valueFractionBits = pick<int64_t>({4, 4, 12});
  if (draw(0, 2) == 0) {
    policy.exponents = numerics::Exponents::Static;
    policy.sq = draw(-3, 3);
    policy.sk = draw(-3, 3);
    policy.sv = draw(-3, 3);
  }
  policy.split = pick({numerics::Split::Floor, numerics::Split::Nearest});
  policy.pruned =
      pick({numerics::Pruned::Dropped, numerics::Pruned::Compensated,
            numerics::Pruned::Compensated});
  policy.group = pick<int64_t>({16, 16, 0, 32});
  policy.threshold = draw(-250, 250) / 256.0;
  if (draw(0, 1)) {
    policy.blockRows = pick<int64_t>({2, 2, 4, 8, 16, 1});
    policy.blockCols = pick<int64_t>({2, 2, 4, 8, 16, 1});
    policy.group = pick<int64_t>({0, 1, 2, 3, 5, 16, 40});
    if (draw(0, 1)) {
      policy.selection = numerics::Selection::TopK;
      policy.threshold = draw(0, 256) / 256.0;
    }
  }
  policy.reciprocal =
      pick({numerics::Reciprocal::Linear, numerics::Reciprocal::Exact});
  return policy;
}

HostTensor KernelCaseTest::drawTensor(llvm::ArrayRef<int64_t> shape) {
  HostTensor tensor(ElementType::F32, shape);
  float *data = tensor.as<float>();
  std::normal_distribution<float> normal(0.0f, std::ldexp(1.0f, draw(-6, 5)));
  for (int64_t n = 0; n < tensor.getNumElements(); ++n)
    data[n] = normal(random);
  float special[] = {std::numeric_limits<float>::quiet_NaN(),
                     std::numeric_limits<float>::infinity(),
                     -std::numeric_limits<float>::infinity(),
                     std::numeric_limits<float>::max(),
                     std::numeric_limits<float>::denorm_min(),
                     -0.0f};
  switch (draw(0, 9)) {
  case 0: // a few extreme values
    for (int64_t n = draw(1, 4); n > 0; --n)
      data[draw(0, tensor.getNumElements() - 1)] = special[draw(0, 5)];
    break;
  case 1: // flat
    std::fill(data, data + tensor.getNumElements(), draw(-1, 1) * 1.5f);
    break;
  case 2: // tiny
    for (int64_t n = 0; n < tensor.getNumElements(); ++n)
      data[n] *= 1e-40f;
    break;
  case 3: // saturating
    for (int64_t n = 0; n < tensor.getNumElements(); ++n)
      data[n] = data[n] < 0 ? -100.0f : 100.0f;
    break;
  default:
    break;
  }
  return tensor;
}

Case KernelCaseTest::drawCase() {
  Case c;
  int64_t heads = draw(1, 2), shared = draw(1, 2);
  int64_t lq = draw(1, 40), lk = draw(1, 160);
  if (draw(0, 9) == 0)
    lk = draw(500, 700);
  int64_t d = pick<int64_t>({64, 64, 32, 80, 128, 1, 17, 96});
  int64_t dv = pick<int64_t>({64, 64, 32, 16, 1, 40, 128});
  c.spec.policy = drawPolicy();
  c.spec.scale = std::ldexp(draw(1, 1000) / 1000.0, draw(-4, 1));
  c.spec.query.shape = {heads * shared, lq, d};
  c.spec.key.shape = {heads, lk, d};
  c.spec.value.shape = {heads, lk, dv};
  c.spec.result.shape = {heads * shared, lq, dv};
  ElementType type = pick({ElementType::F32, ElementType::F32, ElementType::F16,
                           ElementType::BF16});
  c.spec.result.elementType = type;
  for (TensorSpec *tensor : {&c.spec.query, &c.spec.key, &c.spec.value}) {
    tensor->elementType = type;
    c.inputs.push_back(
        llvm::cantFail(convertTo(drawTensor(tensor->shape), type)));
  }
  drawMask(c);
  return c;
}

/// None, causal, of keys, or of positions; sparse or dense.
void KernelCaseTest::drawMask(Case &c) {
  c.spec.causal = draw(0, 3) == 0;
  int64_t kind = draw(0, 3); // none, mask, bias, both
  int64_t lq = c.spec.query.shape[1], lk = c.spec.key.shape[1];
  auto drawShape = [&]() -> llvm::SmallVector<int64_t, 4> {
    return {pick<int64_t>({1, c.spec.query.shape[0]}), pick<int64_t>({1, lq}),
            lk};
  };
  int64_t chance = pick<int64_t>({0, 50, 90, 99, 100});
  bool isPadding = draw(0, 1);
  int64_t end = draw(0, lk);
  auto allows = [&](int64_t n) {
    return isPadding ? n % lk < end : draw(0, 99) < chance;
  };
  if (kind % 2) {
    c.spec.mask = TensorSpec{ElementType::I1, drawShape()};
    HostTensor tensor(ElementType::I1, c.spec.mask->shape);
    for (int64_t n = 0; n < tensor.getNumElements(); ++n)
      tensor.as<uint8_t>()[n] = allows(n);
    c.inputs.push_back(std::move(tensor));
  }
  if (kind / 2) {
    // Zeros and numbers that forbid, or a real bias as well.
    float forbids = pick({-8192.0f, -10000.0f, -1e9f, -3.4e38f,
                          -std::numeric_limits<float>::infinity()});
    float size = pick({0.0f, 0.0f, 1.0f, 100.0f, 1e30f});
    std::normal_distribution<float> normal;
    c.spec.bias = TensorSpec{ElementType::F32, drawShape()};
    HostTensor tensor(ElementType::F32, c.spec.bias->shape);
    for (int64_t n = 0; n < tensor.getNumElements(); ++n)
      tensor.as<float>()[n] = allows(n) ? size * normal(random) : forbids;
    c.inputs.push_back(std::move(tensor));
  }
}

std::string KernelCaseTest::getModule(const Case &c, bool hasStatistics) {
  auto type = [](const TensorSpec &tensor) {
    std::string text = "tensor<";
    for (int64_t size : tensor.shape)
      text += std::to_string(size) + "x";
    return text + stringify(tensor.elementType).str() + ">";
  };
  context.loadDialect<HDPDialect>();
  std::string policy;
  llvm::raw_string_ostream(policy) << PolicyAttr::get(&context, *c.spec.policy);
  char scale[40];
  std::snprintf(scale, sizeof scale, "%.17e", c.spec.scale);
  std::string q = type(c.spec.query), k = type(c.spec.key),
              v = type(c.spec.value), o = type(c.spec.result);
  std::string argument, operand;
  if (c.spec.mask) {
    argument += ", %m: " + type(*c.spec.mask);
    operand += " mask(%m : " + type(*c.spec.mask) + ")";
  }
  if (c.spec.bias) {
    argument += ", %b: " + type(*c.spec.bias);
    operand += " bias(%b : " + type(*c.spec.bias) + ")";
  }
  std::string init, inits, results = o, types = o, values = "%r";
  if (hasStatistics) {
    std::string rows = "tensor<" + std::to_string(c.spec.query.shape[0]) + "x" +
                       std::to_string(kNumHeadStatistics) + "xi64>";
    init = "  %j = tensor.empty() : " + rows + "\n";
    inits = " statistics(%j : " + rows + ")";
    results = "(" + o + ", " + rows + ")";
    types = o + ", " + rows;
    values = "%r#0, %r#1";
  }
  return "func.func @f(%q: " + q + ", %k: " + k + ", %v: " + v + argument +
         ") -> " + results + " {\n  %i = tensor.empty() : " + o + "\n" + init +
         "  %r" + (hasStatistics ? ":2" : "") +
         " = hdp.attention ins(%q, %k, %v : " + q + ", " + k + ", " + v + ")" +
         operand + " outs(%i : " + o + ")" + inits + " {scale = " + scale +
         (c.spec.causal ? ", causal" : "") + ", policy = " + policy + "} -> " +
         types + "\n  return " + values + " : " + types + "\n}\n";
}

mlir::func::FuncOp KernelCaseTest::getSite(const Case &c) {
  sites = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  auto function = buildSite(c.spec, *sites);
  if (function)
    return *function;
  llvm::consumeError(function.takeError());
  return {};
}

bool KernelCaseTest::hasKernel(const Case &c) {
  auto module = parse(getModule(c));
  bool has = false;
  module->walk([&](AttentionOp op) { has = isFusable(op); });
  return has;
}
