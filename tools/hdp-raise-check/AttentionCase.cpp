//===- AttentionCase.cpp - a case from its number -------------------------===//

#include "AttentionCase.h"
#include "Composer.h"

using namespace hdp::check;

namespace {
struct MissInfo {
  Miss miss;
  const char *text;
  Expectation expectation;
};
} // namespace

static const MissInfo kMisses[] = {
#define NEAR_MISS(NAME, TEXT, EXPECTATION)                                     \
  {Miss::NAME, TEXT, Expectation::EXPECTATION},
#include "NearMisses.def"
};

Case hdp::check::makeCase(uint64_t seed, uint64_t number) {
  Random random(seed, number);
  // A third are near misses, each kind as often as any other.
  const MissInfo *info = nullptr;
  if (number % 3 == 2)
    info = &kMisses[number / 3 % std::size(kMisses)];
  Composer composer(random, info ? info->miss : Miss::None);
  Case result = composer.compose("case_" + std::to_string(number));
  if (info) {
    // What is too odd to be expected of attention is so of a near miss.
    result.expectation = info->expectation;
    result.axes.assign({std::string("near miss=") + info->text});
  }
  return result;
}
