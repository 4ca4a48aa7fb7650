//===- RuleAttention.cpp - the shared rules, assembled into loops ---------===//
//
// The smallest engine over the templates of include/hdp/Numerics: one head
// after the other, every intermediate kept.
//
//===----------------------------------------------------------------------===//

#include "AttentionCall.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/Mask.h"
#include "hdp/Numerics/NativeOps.h"
#include "hdp/Numerics/Normalise.h"
#include "hdp/Numerics/Pruning.h"
#include "hdp/Numerics/Softmax.h"
#include <algorithm>

using namespace hdp::test;
using namespace hdp::numerics;

namespace {

/// A head's codes of Q, K or V, and their exponent.
struct Codes {
  std::vector<int32_t> codes;
  int32_t exponent;
};

Codes quantize(const float *x, int64_t n, const CodeFormat &format,
               const Policy &policy, int64_t given, int32_t limit) {
  NativeOps ops;
  double magnitude = 0.0;
  for (int64_t i = 0; i < n; ++i)
    magnitude = maxMagnitude(ops, magnitude, double(x[i]));
  Codes result;
  result.exponent = policy.exponents == Exponents::Dynamic
                        ? dynamicExponent(ops, magnitude, format, limit)
                        : int32_t(given);
  double factor = quantizeFactor(ops, result.exponent, format);
  for (int64_t i = 0; i < n; ++i)
    result.codes.push_back(quantizeValue(ops, double(x[i]), factor, format));
  return result;
}

struct RuleHead {
  const AttentionCall &call;
  int64_t head;
  AttentionResult &out;
  NativeOps ops;
  const Policy &policy = call.policy;
  int64_t Lq = call.Lq, Lk = call.Lk, d = call.d, dv = call.dv;
  int64_t bq = policy.blockRows, bk = policy.blockCols;
  int64_t rows = (Lq + bq - 1) / bq, columns = (Lk + bk - 1) / bk;
  int64_t group = policy.group == 0 ? columns : policy.group;
  int64_t groups = (columns + group - 1) / group;

  Codes Q, K, V;
  std::vector<int32_t> QI, QF, KI, KF;
  std::vector<int32_t> II, B, valid, theta, kind, kept;
  bool gate = true;

  RuleHead(const AttentionCall &call, int64_t head, AttentionResult &out)
      : call(call), head(head), out(out) {}

  void put(const char *name, int64_t value) { out[name].push_back(value); }
  template <typename T> void putAll(const char *name, const T &values) {
    for (auto value : values)
      put(name, value);
  }

  void split(const Codes &x, std::vector<int32_t> &integer,
             std::vector<int32_t> &fraction) {
    for (int32_t code : x.codes) {
      integer.push_back(splitInteger(ops, code, policy));
      fraction.push_back(splitFraction(ops, code, integer.back(), policy));
      checkJoins(joinParts(ops, integer.back(), fraction.back(), policy), code);
    }
  }
  void checkJoins(int32_t a, int32_t b) {
    if (a != b)
      put("a split that does not join", b);
  }

  void quantizeAndSplit() {
    int64_t kvHead = keyValueHead(ops, head, call.Hq / call.Hkv);
    CodeFormat format = getQueryKeyFormat(policy);
    int32_t limit = call.bias.empty() ? maxExponent : maxExponentWithBias;
    Q = quantize(call.q.data() + head * Lq * d, Lq * d, format, policy,
                 policy.sq, limit);
    K = quantize(call.k.data() + kvHead * Lk * d, Lk * d, format, policy,
                 policy.sk, limit);
    CodeFormat valueFormat = getValueFormat(policy);
    V = quantize(call.v.data() + kvHead * Lk * dv, Lk * dv, valueFormat, policy,
                 policy.sv, maxExponent);
    for (int32_t &code : V.codes)
      code = alignValue(ops, code, valueFormat);
    split(Q, QI, QF);
    split(K, KI, KF);
    put("sQ", Q.exponent);
    putAll("qI", QI);
    putAll("qF", QF);
    if (head % (call.Hq / call.Hkv) != 0)
      return;
    put("sK", K.exponent);
    put("sV", V.exponent);
    putAll("kI", KI);
    putAll("kF", KF);
    putAll("V", V.codes);
  }

  void integerPass() {
    double unit = scoreUnit(ops, call.scale, policy, Q.exponent, K.exponent);
    for (int64_t i = 0; i < Lq; ++i)
      for (int64_t j = 0; j < Lk; ++j) {
        int32_t sum = 0;
        for (int64_t t = 0; t < d; ++t)
          sum += QI[i * d + t] * KI[j * d + t];
        bool ok = call.maskAt(head, i, j);
        if (call.causal)
          ok = ok && causalAllows(ops, i, j, Lq, Lk);
        int32_t b = 0;
        if (!call.bias.empty()) {
          double entry = call.biasAt(head, i, j);
          ok = ok && biasAllows(ops, entry);
          if (ok)
            b = biasInScoreUnits(ops, entry, unit);
        }
        II.push_back(sum);
        valid.push_back(ok);
        B.push_back(b);
      }
    putAll("II", II);
    putAll("valid", valid);
    if (!call.bias.empty())
      putAll("B", B);
  }

  int64_t rowsOf(int64_t r) { return std::min(bq, Lq - r * bq); }
  int64_t columnsOf(int64_t c) { return std::min(bk, Lk - c * bk); }
  int32_t scoreAt(int64_t x) { return integerScore(ops, II[x], B[x], policy); }

  void blocks() {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) {
        int32_t count = 0, sum = 0;
        for (int64_t i = r * bq; i < r * bq + rowsOf(r); ++i)
          for (int64_t j = c * bk; j < c * bk + columnsOf(c); ++j)
            if (valid[i * Lk + j]) {
              ++count;
              sum += importanceTerm(ops, scoreAt(i * Lk + j), policy);
            }
        kind.push_back(blockKind(ops, count, int32_t(rowsOf(r)), policy));
        theta.push_back(kind.back() == int32_t(BlockKind::Full) ? sum : 0);
      }
    putAll("kind", kind);
    putAll("theta", theta);
  }

  /// What N6 and N7 need of a block row.
  struct RowStatistics {
    int64_t n = 0, sum = 0, maximum = INT32_MIN, minimum = INT32_MAX;
  };
  RowStatistics statistics(int64_t r) {
    RowStatistics row;
    for (int64_t x = r * columns; x < (r + 1) * columns; ++x)
      if (kind[x] == int32_t(BlockKind::Full)) {
        ++row.n;
        row.sum += theta[x];
        row.maximum = std::max<int64_t>(row.maximum, theta[x]);
        row.minimum = std::min<int64_t>(row.minimum, theta[x]);
      }
    return row;
  }

  void headGate() {
    int64_t H = 0, positions = 0, fullBlocks = 0;
    for (int64_t r = 0; r < rows; ++r) {
      RowStatistics row = statistics(r);
      fullBlocks += row.n;
      if (policy.measure == Measure::Spread) {
        H += spreadTerm(ops, row.n, row.maximum, row.sum);
        positions += row.n * rowsOf(r) * bk;
      }
    }
    if (policy.measure == Measure::Magnitude)
      for (int64_t x = 0; x < Lq * Lk; ++x)
        if (valid[x]) {
          H += magnitudeTerm(ops, scoreAt(x));
          ++positions;
        }
    gate = headIsKept(ops, H, positions, fullBlocks, policy);
    put("H", H);
    put("hpos", positions);
    put("gate", gate);
  }

  void blockMask() {
    for (int64_t r = 0; r < rows; ++r) {
      RowStatistics row = statistics(r);
      int32_t T = 0;
      if (policy.selection == Selection::Rho)
        T = rowThreshold(ops, row.n,
                         thresholdNumerator(ops, row.n, row.sum, row.maximum,
                                            row.minimum, policy));
      int32_t count = topkCount(ops, int32_t(row.n), policy);
      for (int64_t c = 0; c < columns; ++c) {
        int64_t x = r * columns + c;
        bool keep = kind[x] == int32_t(BlockKind::Partial);
        if (kind[x] == int32_t(BlockKind::Full)) {
          int32_t before = 0;
          for (int64_t o = 0; o < columns; ++o)
            if (kind[r * columns + o] == int32_t(BlockKind::Full))
              before += precedes(ops, theta[r * columns + o], o, theta[x], c);
          keep = policy.selection == Selection::Rho
                     ? keptByThreshold(ops, theta[x], T)
                     : before < count;
        }
        kept.push_back(gate && keep);
      }
      put("T", T);
    }
    putAll("kept", kept);
  }

  void run() {
    quantizeAndSplit();
    integerPass();
    blocks();
    headGate();
    blockMask();
    ScaleConstants scale = getScaleConstants(call.scale);
    int32_t a = softmaxShift(ops, scale, policy, Q.exponent, K.exponent);
    put("a", a);
    for (int64_t i = 0; i < Lq; ++i)
      runRow(i, a, scale.m);
  }

  void runRow(int64_t i, int32_t a, int32_t m) {
    int64_t r = i / bq;
    std::vector<int32_t> S(Lk), e(Lk), w(Lk), c(groups), wc(groups);
    auto isKept = [&](int64_t j) {
      return valid[i * Lk + j] && kept[r * columns + j / bk];
    };
    auto isFull = [&](int64_t j) {
      return kind[r * columns + j / bk] == int32_t(BlockKind::Full);
    };
    int32_t M = INT32_MIN, nk = 0;
    for (int64_t j = 0; j < Lk; ++j) {
      if (!isKept(j))
        continue;
      int32_t second = 0;
      for (int64_t t = 0; t < d; ++t)
        second +=
            policy.products == Products::Full
                ? Q.codes[i * d + t] * K.codes[j * d + t]
                : QF[i * d + t] * KI[j * d + t] + QI[i * d + t] * KF[j * d + t];
      S[j] = combineScore(ops, II[i * Lk + j], second, policy) + B[i * Lk + j];
      M = std::max(M, S[j]);
      ++nk;
    }
    int32_t k = 0;
    if (nk == 0) {
      M = 0;
    } else {
      int32_t sum = 0;
      for (int64_t j = 0; j < Lk; ++j)
        if (isKept(j))
          sum += e[j] = expWeight(ops, int64_t(M) - S[j], a, m);
      for (int64_t g = 0; g < groups && policy.pruned == Pruned::Compensated;
           ++g) {
        int64_t Tp = 0, np = 0;
        for (int64_t x = r * columns + g * group;
             x < r * columns + std::min(columns, (g + 1) * group); ++x)
          if (kind[x] == int32_t(BlockKind::Full) && !kept[x]) {
            Tp += theta[x];
            np += rowsOf(r) * bk;
          }
        int64_t mean = groupMean(ops, Tp, np, policy);
        c[g] = groupWeight(ops, M, mean, np, a, m);
      }
      int32_t D =
          weightSum(ops, sum, *std::max_element(c.begin(), c.end()), nk);
      k = weightShift(ops, D);
      for (int64_t g = 0; g < groups; ++g)
        wc[g] = roundWeight(ops, c[g], k);
      for (int64_t j = 0; j < Lk; ++j)
        if (isKept(j))
          w[j] = keptWeight(ops, e[j], k, wc[j / bk / group], isFull(j));
    }
    put("M", M);
    put("k", k);
    putAll("c", c);
    putAll("wc", wc);
    putAll("S", S);
    putAll("e", e);
    putAll("w", w);
    normalise(i, w, wc);
  }

  void normalise(int64_t i, const std::vector<int32_t> &w,
                 const std::vector<int32_t> &wc) {
    int64_t r = i / bq;
    int32_t den = 0;
    std::vector<int64_t> num(dv);
    auto add = [&](int64_t j, int32_t weight) {
      den += weight;
      for (int64_t t = 0; t < dv; ++t)
        num[t] += int64_t(weight) * V.codes[j * dv + t];
    };
    for (int64_t j = 0; j < Lk; ++j) {
      bool isFull = kind[r * columns + j / bk] == int32_t(BlockKind::Full);
      if (gate && valid[i * Lk + j])
        add(j, w[j]);
      if (gate && isFull)
        add(j, wc[j / bk / group]);
      if (!gate && policy.gated == Gated::Mean && valid[i * Lk + j])
        add(j, 1);
    }
    int32_t b = bitLength(ops, den);
    int32_t R = reciprocal(ops, den, b, policy);
    double factor = dequantizeFactor(ops, V.exponent);
    put("den", den);
    put("R", R);
    for (int64_t t = 0; t < dv; ++t) {
      int32_t o = outputCode(ops, num[t], R, b);
      put("num", num[t]);
      put("o", o);
      put("out", floatBits(dequantizeValue(ops, o, factor)));
    }
  }
};

} // namespace

AttentionResult hdp::test::runRuleAttention(const AttentionCall &call) {
  AttentionResult result;
  for (int64_t head = 0; head < call.Hq; ++head)
    RuleHead(call, head, result).run();
  return result;
}
