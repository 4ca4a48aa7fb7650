//===- PlainAttention.cpp - docs/Numerics.md read a second time -----------===//
//
// Brute force in the words of the rules: powers and divisions where the shared
// templates shift, searches where they count bits, one position at a time. It
// uses the policy's choices and nothing else of include/hdp/Numerics.
//
//===----------------------------------------------------------------------===//

#include "AttentionCall.h"
#include <algorithm>
#include <cassert>
#include <cmath>

using namespace hdp::test;
using namespace hdp::numerics;

namespace {

using Big = __int128;

Big power(int n) {
  Big result = 1;
  while (n-- > 0)
    result *= 2;
  return result;
}

/// The largest integer that is not above a / b, b > 0.
Big floorOf(Big a, Big b) {
  Big q = a / b;
  while (q * b > a)
    --q;
  return q;
}
Big ceilOf(Big a, Big b) { return -floorOf(-a, b); }

int bitsOf(Big x) {
  int n = 0;
  while (power(n) <= x)
    ++n;
  return n;
}

/// One head; the members are what later rules need of earlier ones.
struct Head {
  const AttentionCall &call;
  const Policy &p;
  int64_t h;
  AttentionResult &out;

  int F, SF;
  int64_t Lq, Lk, R, C, groups;
  int sQ, sK, sV;
  std::vector<int64_t> xq, xk, V; // codes
  std::vector<int64_t> QI, KI, QF, KF;

  Head(const AttentionCall &call, int64_t h, AttentionResult &out)
      : call(call), p(call.policy), h(h), out(out) {
    F = int(p.format.fractionBits);
    SF = p.products == Products::Full ? 2 * F : F;
    Lq = call.Lq;
    Lk = call.Lk;
    R = (Lq + p.blockRows - 1) / p.blockRows;
    C = (Lk + p.blockCols - 1) / p.blockCols;
    groups = p.group == 0 ? 1 : (C + p.group - 1) / p.group;
  }

  void emit(const char *name, int64_t value) { out[name].push_back(value); }

  /// N1 of one operand of one head.
  static std::vector<int64_t> quantise(const float *x, int64_t n, int F,
                                       int64_t lo, int64_t hi, bool dynamic,
                                       int given, int limit, int &s) {
    s = given;
    if (dynamic) {
      double largest = 0;
      bool odd = false;
      for (int64_t i = 0; i < n; ++i) {
        if (!std::isfinite(x[i]))
          odd = true;
        else
          largest = std::max(largest, std::fabs(double(x[i])));
      }
      s = limit;
      while (s > -16 && std::ldexp(largest, F + s) > double(hi))
        --s;
      if (odd || largest == 0)
        s = 0;
    }
    std::vector<int64_t> codes;
    for (int64_t i = 0; i < n; ++i) {
      double y = std::ldexp(double(x[i]), F + s);
      if (std::isnan(y))
        codes.push_back(0);
      else if (y >= double(hi))
        codes.push_back(hi);
      else if (y <= double(lo))
        codes.push_back(lo);
      else {
        double below = std::floor(y), rest = y - below;
        int64_t code = int64_t(below);
        if (rest > 0.5 || (rest == 0.5 && (code % 2 != 0)))
          ++code;
        codes.push_back(code);
      }
    }
    return codes;
  }

  /// N2: the integer part is the code over 2^F rounded down, or to the
  /// nearest with halves up.
  void split(const std::vector<int64_t> &codes, std::vector<int64_t> &integer,
             std::vector<int64_t> &fraction) const {
    for (int64_t x : codes) {
      int64_t one = int64_t(power(F));
      int64_t whole = p.split == Split::Floor
                          ? int64_t(floorOf(x, one))
                          : int64_t(floorOf(Big(2) * x + one, Big(2) * one));
      integer.push_back(whole);
      fraction.push_back(x - whole * one);
    }
  }

  int64_t E(int64_t x, int a, int64_t m) const {
    Big shifted = a >= 0 ? floorOf(x, power(a)) : Big(x) * power(-a);
    int64_t x1 = int64_t(std::min<Big>(shifted, 32767));
    auto mul = [](int64_t s, int64_t t) {
      return int64_t(floorOf(Big(s) * t + 16384, 32768));
    };
    int64_t u = mul(x1, m), z = u / 1024, y = (u % 1024) * 32;
    int64_t slope = 11018 - mul(y, 2845);
    int64_t P = 16384 - mul(y, slope);
    return int64_t(floorOf(P, power(int(z))));
  }

  void prepare(bool emitsKeys);
  void run();
};

void Head::prepare(bool emitsKeys) {
  int64_t hk = h / (call.Hq / call.Hkv);
  int W = int(p.format.width());
  int64_t lo = -int64_t(power(W - 1)), hi = int64_t(power(W - 1)) - 1;
  if (p.split == Split::Nearest)
    hi -= int64_t(power(F - 1));
  bool dynamic = p.exponents == Exponents::Dynamic;
  int limit = call.bias.empty() ? 16 : 4;
  xq = quantise(call.q.data() + h * Lq * call.d, Lq * call.d, F, lo, hi,
                dynamic, int(p.sq), limit, sQ);
  xk = quantise(call.k.data() + hk * Lk * call.d, Lk * call.d, F, lo, hi,
                dynamic, int(p.sk), limit, sK);
  int VF = int(p.valueFractionBits);
  V = quantise(call.v.data() + hk * Lk * call.dv, Lk * call.dv, VF,
               -int64_t(power(3 + VF)), int64_t(power(3 + VF)) - 1, dynamic,
               int(p.sv), 16, sV);
  for (int64_t &value : V)
    value *= int64_t(power(12 - VF));
  split(xq, QI, QF);
  split(xk, KI, KF);
  emit("sQ", sQ);
  for (int64_t x : QI)
    emit("qI", x);
  for (int64_t x : QF)
    emit("qF", x);
  if (!emitsKeys)
    return;
  emit("sK", sK);
  emit("sV", sV);
  for (int64_t x : KI)
    emit("kI", x);
  for (int64_t x : KF)
    emit("kF", x);
  for (int64_t x : V)
    emit("V", x);
}

void Head::run() {
  int64_t d = call.d, dv = call.dv;
  auto at = [&](int64_t i, int64_t j) { return i * Lk + j; };

  // N3, N4: integer scores, validity, bias.
  std::vector<int64_t> II(Lq * Lk), B(Lq * Lk), score(Lq * Lk);
  std::vector<bool> valid(Lq * Lk);
  double unit = call.scale * std::pow(2.0, -(SF + sQ + sK));
  for (int64_t i = 0; i < Lq; ++i)
    for (int64_t j = 0; j < Lk; ++j) {
      for (int64_t t = 0; t < d; ++t)
        II[at(i, j)] += QI[i * d + t] * KI[j * d + t];
      bool ok = call.maskAt(h, i, j) && !(call.causal && j > i + Lk - Lq);
      if (!call.bias.empty()) {
        double b = double(call.biasAt(h, i, j));
        ok = ok && !(b <= -8192.0);
        if (ok) {
          double limit = double(power(28));
          double rounded = std::nearbyint(b / unit);
          B[at(i, j)] = int64_t(std::max(-limit, std::min(limit, rounded)));
        }
        emit("B", B[at(i, j)]);
      }
      valid[at(i, j)] = ok;
      score[at(i, j)] = II[at(i, j)] + int64_t(floorOf(B[at(i, j)], power(SF)));
      emit("II", II[at(i, j)]);
      emit("valid", ok);
    }

  // N4, N5: kinds and importance. `cells` lists a block's positions.
  auto cells = [&](int64_t r, int64_t c) {
    std::vector<std::pair<int64_t, int64_t>> list;
    for (int64_t i = r * p.blockRows; i < std::min(Lq, (r + 1) * p.blockRows);
         ++i)
      for (int64_t j = c * p.blockCols; j < std::min(Lk, (c + 1) * p.blockCols);
           ++j)
        list.push_back({i, j});
    return list;
  };
  std::vector<int> kind(R * C);
  std::vector<int64_t> theta(R * C);
  for (int64_t r = 0; r < R; ++r)
    for (int64_t c = 0; c < C; ++c) {
      bool all = (c + 1) * p.blockCols <= Lk, any = false;
      for (auto [i, j] : cells(r, c)) {
        all = all && valid[at(i, j)];
        any = any || valid[at(i, j)];
      }
      kind[r * C + c] = all ? 2 : any ? 1 : 0;
      if (all)
        for (auto [i, j] : cells(r, c))
          theta[r * C + c] += p.importance == Importance::Abs
                                  ? std::abs(score[at(i, j)])
                                  : score[at(i, j)];
      emit("kind", kind[r * C + c]);
      emit("theta", theta[r * C + c]);
    }

  // N7: the gate.
  int64_t H = 0, hpos = 0, fullBlocks = 0;
  for (int64_t r = 0; r < R; ++r) {
    std::vector<int64_t> row;
    for (int64_t c = 0; c < C; ++c)
      if (kind[r * C + c] == 2) {
        ++fullBlocks;
        row.push_back(theta[r * C + c]);
        if (p.measure == Measure::Spread)
          hpos += int64_t(cells(r, c).size());
      }
    if (p.measure == Measure::Spread)
      for (int64_t x : row)
        H += *std::max_element(row.begin(), row.end()) - x;
  }
  if (p.measure == Measure::Magnitude)
    for (int64_t x = 0; x < Lq * Lk; ++x)
      if (valid[x]) {
        H += std::abs(score[x]);
        ++hpos;
      }
  Big tau8 = Big(std::nearbyint(256 * p.tau));
  bool gate = fullBlocks == 0 || Big(H) * 256 >= tau8 * hpos;
  emit("H", H);
  emit("hpos", hpos);
  emit("gate", gate);

  // N6: kept blocks.
  std::vector<bool> kept(R * C);
  for (int64_t r = 0; r < R; ++r) {
    std::vector<std::pair<int64_t, int64_t>> row; // (-theta, column)
    Big sum = 0;
    for (int64_t c = 0; c < C; ++c)
      if (kind[r * C + c] == 2) {
        row.push_back({-theta[r * C + c], c});
        sum += theta[r * C + c];
      }
    std::sort(row.begin(), row.end());
    Big n = Big(row.size()), T = 0;
    if (p.selection == Selection::TopK && n > 0) {
      Big count = ceilOf(Big(std::nearbyint(256 * p.threshold)) * n, 256);
      for (Big x = 0; x < std::max<Big>(count, 1); ++x)
        kept[r * C + row[size_t(x)].second] = true;
    } else if (n > 0) {
      Big rho8 = Big(std::nearbyint(256 * p.threshold));
      Big mx = -row.front().first, mn = -row.back().first;
      Big total = rho8 >= 0 ? rho8 * n * mx + (256 - rho8) * sum
                            : -rho8 * n * mn + (256 + rho8) * sum;
      T = ceilOf(total, 256 * n);
      for (auto [minusTheta, c] : row)
        kept[r * C + c] = -minusTheta >= T;
    }
    emit("T", int64_t(T));
    for (int64_t c = 0; c < C; ++c) {
      if (kind[r * C + c] == 1)
        kept[r * C + c] = true;
      if (!gate)
        kept[r * C + c] = false;
      emit("kept", kept[r * C + c]);
    }
  }

  // N9: the scale, by search.
  double g = call.scale * 1.4426950408889634 *
             std::pow(2.0, double(10 - SF - sQ - sK));
  int a = 0;
  while (std::ldexp(g, a) >= 1)
    --a;
  while (std::ldexp(g, a) < 0.5)
    ++a;
  int64_t m = int64_t(std::nearbyint(std::ldexp(g, a) * 32768));
  if (m == 32768) {
    m = 16384;
    --a;
  }
  a = std::max(-15, std::min(32, a));
  emit("a", a);

  // N8 to N12, row by row.
  for (int64_t i = 0; i < Lq; ++i) {
    int64_t r = i / p.blockRows;
    std::vector<int64_t> alive, allowed; // key positions
    std::vector<int64_t> S(Lk), e(Lk), w(Lk), c(groups), wc(groups);
    for (int64_t j = 0; j < Lk; ++j) {
      if (!valid[at(i, j)])
        continue;
      allowed.push_back(j);
      if (!kept[r * C + j / p.blockCols])
        continue;
      alive.push_back(j);
      Big full = 0, lost = 0; // in 2^-2F
      for (int64_t t = 0; t < d; ++t) {
        full += Big(xq[i * d + t]) * xk[j * d + t];
        lost += Big(QF[i * d + t]) * KF[j * d + t];
      }
      if (p.products == Products::Cross)
        full = floorOf(full - lost, power(F)); // exact
      S[j] = int64_t(full) + B[at(i, j)];
    }

    int64_t M = 0, k = 0, nk = int64_t(alive.size());
    if (nk > 0) {
      M = S[alive[0]];
      for (int64_t j : alive)
        M = std::max(M, S[j]);
      Big D = 0;
      for (int64_t j : alive) {
        e[j] = E(M - S[j], a, m);
        D += e[j];
      }
      for (int64_t x = 0; x < groups && p.pruned == Pruned::Compensated; ++x) {
        Big Tp = 0, np = 0;
        for (int64_t col = 0; col < C; ++col)
          if ((p.group == 0 ? 0 : col / p.group) == x &&
              kind[r * C + col] == 2 && !kept[r * C + col]) {
            Tp += theta[r * C + col];
            np += Big(cells(r, col).size());
          }
        if (np > 0)
          c[x] =
              E(std::max<int64_t>(M - int64_t(floorOf(Tp * power(SF), np)), 0),
                a, m);
      }
      D += Big(*std::max_element(c.begin(), c.end())) * nk;
      while (floorOf(D, power(int(k))) >= 32768)
        ++k;
      // Rounding to nearest, halves up.
      auto rounded = [&](int64_t x) {
        return int64_t(floorOf(Big(2) * x + power(int(k)), 2 * power(int(k))));
      };
      for (int64_t x = 0; x < groups; ++x)
        wc[x] = rounded(c[x]);
      for (int64_t j : alive) {
        int64_t col = j / p.blockCols;
        w[j] = rounded(e[j]);
        if (kind[r * C + col] == 2)
          w[j] -= wc[p.group == 0 ? 0 : col / p.group];
      }
    }
    emit("M", M);
    emit("k", k);
    for (int64_t x = 0; x < groups; ++x) {
      emit("c", c[x]);
      emit("wc", wc[x]);
    }
    for (int64_t j = 0; j < Lk; ++j) {
      emit("S", S[j]);
      emit("e", e[j]);
      emit("w", w[j]);
    }

    // The weight of every key position of the row, seen as a whole.
    std::vector<Big> weight(Lk);
    if (gate) {
      for (int64_t j = 0; j < Lk; ++j) {
        int64_t col = j / p.blockCols;
        weight[j] = w[j];
        if (kind[r * C + col] == 2)
          weight[j] += wc[p.group == 0 ? 0 : col / p.group];
      }
    } else if (p.gated == Gated::Mean) {
      for (int64_t j : allowed)
        weight[j] = 1;
    }
    Big den = 0;
    for (Big x : weight)
      den += x;
    int b = bitsOf(den);
    Big Rec = 0;
    if (den > 0 && p.reciprocal == Reciprocal::Exact)
      Rec = floorOf(power(14 + b) + floorOf(den, 2), den);
    else if (den > 0)
      Rec = 46261 - floorOf(floorOf(den * power(15), power(b)) * 30840, 32768);
    emit("den", int64_t(den));
    emit("R", int64_t(Rec));
    for (int64_t t = 0; t < dv; ++t) {
      Big num = 0;
      for (int64_t j = 0; j < Lk; ++j)
        num += weight[j] * V[j * dv + t];
      Big o = floorOf(num * Rec + power(13 + b), power(14 + b));
      o = std::max<Big>(-32768, std::min<Big>(32767, o));
      emit("num", int64_t(num));
      emit("o", int64_t(o));
      emit("out", floatBits(std::ldexp(float(int64_t(o)), -(12 + sV))));
    }
  }
}

} // namespace

AttentionResult hdp::test::runPlainAttention(const AttentionCall &call) {
  AttentionResult result;
  for (int64_t h = 0; h < call.Hq; ++h) {
    Head head(call, h, result);
    head.prepare(h % (call.Hq / call.Hkv) == 0);
    head.run();
  }
  return result;
}
