//===- ProgramOrder.cpp - in which order commands come --------------------===//
//
// Head by head and strip by strip along a plan. Program order is a legal order
// of execution; the machine overlaps what does not conflict.
//
//===----------------------------------------------------------------------===//

#include "AttentionBuilder.h"

using namespace hdp;
using namespace hdp::machine;

/// The integer pass of a head runs ahead of its scores; that of the next head
/// among the later strips of this one, where the buffers hold two.
void AttentionBuilder::emitAhead(llvm::ArrayRef<Head> heads) {
  bool isNextEarly = plan.key.count > 1;
  bool areValuesEarly = plan.value.count > 1;
  auto startHead = [&](const Head &head) {
    emitSetup(head);
    emitKeys(head, 0, head.turn);
    if (!site.dense)
      for (uint32_t i = 0; i < plan.rounds; ++i)
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitQueries(head, strip, core, keptTurn(head, i));
        });
  };
  auto emitIntegerRound = [&](const Head &head, uint32_t i) {
    forEachStrip(i, [&](uint32_t strip, uint8_t core) {
      emitMasks(head, strip, core, plan.validInteger);
      emitInteger(head, strip, core, 0, head.turn, keptTurn(head, i), gated);
      emitEndRows(head, strip, core, keptTurn(head, i), gated);
    });
    if (gated && i + 1 == plan.rounds)
      emitEndHead(head);
  };
  uint32_t integerRounds = site.dense ? 0 : plan.rounds;

  for (size_t k = 0; k < heads.size(); ++k) {
    const Head &head = heads[k];
    const Head *next = k + 1 < heads.size() ? &heads[k + 1] : nullptr;
    if (k == 0 || !isNextEarly) {
      startHead(head);
      for (uint32_t i = 0; i < integerRounds; ++i)
        emitIntegerRound(head, i);
    }
    if (k == 0 || !areValuesEarly)
      emitValues(head, 0, head.turn);
    if (next && isNextEarly)
      startHead(*next);
    if (next && areValuesEarly)
      emitValues(*next, 0, next->turn);

    // The next head's integer pass: in the later half; with a gate, which has
    // to be known before its scores, in the middle.
    uint32_t begin = gated ? plan.rounds / 4 : plan.rounds / 2;
    uint32_t span =
        std::max(1u, (gated ? plan.rounds * 3 / 4 : plan.rounds) - begin);
    uint32_t done = next && isNextEarly ? 0 : integerRounds;
    std::vector<uint64_t> firstStrip;
    for (const Turns &turn : turns)
      firstStrip.push_back(turn.strip);
    for (uint32_t i = 0; i < plan.rounds + plan.lag; ++i) {
      if (i < plan.rounds) {
        if (site.dense)
          forEachStrip(i, [&](uint32_t strip, uint8_t core) {
            emitQueries(head, strip, core, keptTurn(head, i));
          });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitFractions(head, strip, core, 0, head.turn, keptTurn(head, i),
                        strip == 0);
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitKeptValues(head, strip, core, 0, head.turn, keptTurn(head, i),
                         strip == 0);
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitMasks(head, strip, core, plan.valid);
          if (!site.dense)
            emitQueryFractions(head, strip, core);
          emitScore(head, strip, core, 0, head.turn, keptTurn(head, i),
                    keptTurn(head, i));
          emitSoftmax(head, strip, core, keptTurn(head, i));
          ++turns[core].strip;
        });
      }
      if (i >= plan.lag)
        forEachStrip(i - plan.lag, [&](uint32_t strip, uint8_t core) {
          uint64_t stripTurn = firstStrip[core] + i - plan.lag;
          emitWeigh(head, strip, core, 0, head.turn,
                    keptTurn(head, i - plan.lag), stripTurn);
          emitOutput(head, strip, core, stripTurn);
        });
      if (i >= begin) {
        uint32_t upTo = std::min<uint64_t>(
            integerRounds,
            (uint64_t(integerRounds) * (i - begin + 1) + span - 1) / span);
        for (; done < upTo; ++done)
          emitIntegerRound(*next, done);
      }
    }
    for (; done < integerRounds; ++done)
      emitIntegerRound(*next, done);
  }
}

/// Strip by strip: integer pass, scores and weights one after the other, keys
/// and values in chunks.
void AttentionBuilder::emitInline(llvm::ArrayRef<Head> heads) {
  uint64_t keyTurn = 0, valueTurn = 0;
  for (const Head &head : heads) {
    emitSetup(head);
    // A chunk that is the whole head is loaded once.
    uint32_t keyChunks = plan.keyChunks(site),
             valueChunks = plan.valueChunks(site);
    bool areKeysThere = false, areValuesThere = false;
    auto bringKeys = [&](uint32_t chunk) {
      if (areKeysThere && keyChunks == 1)
        return;
      emitKeys(head, chunk, ++keyTurn);
      areKeysThere = true;
    };
    auto emitPass = [&](uint32_t round, bool measure) {
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitQueries(head, strip, core, round);
        emitMasks(head, strip, core, plan.validInteger);
      });
      for (uint32_t chunk = 0; chunk < keyChunks; ++chunk) {
        bringKeys(chunk);
        forEachStrip(round, [&](uint32_t strip, uint8_t core) {
          emitInteger(head, strip, core, chunk, keyTurn, round, measure);
        });
      }
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitEndRows(head, strip, core, round, measure);
      });
    };
    if (gated) {
      // The gate is decided by a pass of its own: masks of the whole head do
      // not fit.
      for (uint32_t i = 0; i < plan.rounds; ++i)
        emitPass(i, true);
      emitEndHead(head);
    }
    bool areFractionsFresh = true;
    for (uint32_t i = 0; i < plan.rounds; ++i) {
      if (!site.dense)
        emitPass(i, false);
      forEachStrip(i, [&](uint32_t strip, uint8_t core) {
        if (site.dense)
          emitQueries(head, strip, core, i);
        emitMasks(head, strip, core, plan.valid);
        if (!site.dense)
          emitQueryFractions(head, strip, core);
      });
      for (uint32_t chunk = 0; chunk < keyChunks; ++chunk) {
        bringKeys(chunk);
        bool isFresh = keyChunks > 1 || areFractionsFresh;
        areFractionsFresh = false;
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitFractions(head, strip, core, chunk, keyTurn, i, isFresh);
          isFresh = false;
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitScore(head, strip, core, chunk, keyTurn, i, i);
        });
      }
      forEachStrip(i, [&](uint32_t strip, uint8_t core) {
        emitSoftmax(head, strip, core, i);
      });
      for (uint32_t chunk = 0; chunk < valueChunks; ++chunk) {
        bool isFresh = !areValuesThere || valueChunks > 1;
        if (isFresh)
          emitValues(head, chunk, ++valueTurn);
        areValuesThere = true;
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitKeptValues(head, strip, core, chunk, valueTurn, i, isFresh);
          isFresh = false;
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          uint64_t stripTurn = turns[core].strip++;
          emitWeigh(head, strip, core, chunk, valueTurn, i, stripTurn);
          if (chunk + 1 < valueChunks)
            --turns[core].strip;
          else
            emitOutput(head, strip, core, stripTurn);
        });
      }
    }
  }
}

void AttentionBuilder::emitGroup(uint32_t group) {
  firstCore = group * plan.coresPerHead;
  std::vector<Head> heads;
  for (uint32_t h = group; h < site.Hq; h += plan.groups) {
    auto turn = uint32_t(heads.size());
    heads.push_back(
        {h, h / (site.Hq / site.Hkv), turn, uint8_t(turn % numSlots)});
  }
  if (plan.isAhead)
    emitAhead(heads);
  else
    emitInline(heads);
}
