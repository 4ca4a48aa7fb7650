//===- ProgramOrder.cpp - in which order commands come --------------------===//
//
// Head by head and strip by strip along a plan, one after the other; double
// buffering moves what can overlap (DoubleBuffer.cpp).
//
//===----------------------------------------------------------------------===//

#include "AttentionBuilder.h"

using namespace hdp;
using namespace hdp::machine;

/// Head by head: the integer pass of all strips, then their scores, weights and
/// output.
void AttentionBuilder::emitAhead(llvm::ArrayRef<Head> heads) {
  for (const Head &head : heads) {
    emitSetup(head);
    emitKeys(head, 0, head.turn);
    for (uint32_t i = 0; !site.dense && i < plan.rounds; ++i)
      forEachStrip(i, [&](uint32_t strip, uint8_t core) {
        emitQueries(head, strip, core, keptTurn(head, i));
      });
    for (uint32_t i = 0; !site.dense && i < plan.rounds; ++i)
      forEachStrip(i, [&](uint32_t strip, uint8_t core) {
        emitMasks(head, strip, core, plan.validInteger);
        emitInteger(head, strip, core, 0, head.turn, keptTurn(head, i), gated);
        emitEndRows(head, strip, core, keptTurn(head, i), gated);
      });
    if (gated)
      emitEndHead(head);
    emitValues(head, 0, head.turn);
    for (uint32_t i = 0; i < plan.rounds; ++i) {
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
      });
      forEachStrip(i, [&](uint32_t strip, uint8_t core) {
        uint64_t stripTurn = turns[core].strip++;
        emitWeigh(head, strip, core, 0, head.turn, keptTurn(head, i),
                  stripTurn);
        emitOutput(head, strip, core, stripTurn);
      });
    }
  }
}

/// Strip by strip: integer pass, scores and weights one after the other, keys
/// and values in chunks.
void AttentionBuilder::emitInline(llvm::ArrayRef<Head> heads) {
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
        emitQueries(head, strip, core, ++turns[core].kept);
        emitMasks(head, strip, core, plan.validInteger);
      });
      for (uint32_t chunk = 0; chunk < keyChunks; ++chunk) {
        bringKeys(chunk);
        forEachStrip(round, [&](uint32_t strip, uint8_t core) {
          emitInteger(head, strip, core, chunk, keyTurn, turns[core].kept,
                      measure);
        });
      }
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitEndRows(head, strip, core, turns[core].kept, measure);
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
          emitQueries(head, strip, core, ++turns[core].kept);
        emitMasks(head, strip, core, plan.valid);
        if (!site.dense)
          emitQueryFractions(head, strip, core);
      });
      for (uint32_t chunk = 0; chunk < keyChunks; ++chunk) {
        bringKeys(chunk);
        bool isFresh = keyChunks > 1 || areFractionsFresh;
        areFractionsFresh = false;
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitFractions(head, strip, core, chunk, keyTurn, turns[core].kept,
                        isFresh);
          isFresh = false;
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitScore(head, strip, core, chunk, keyTurn, turns[core].kept,
                    turns[core].kept);
        });
      }
      forEachStrip(i, [&](uint32_t strip, uint8_t core) {
        emitSoftmax(head, strip, core, turns[core].kept);
      });
      for (uint32_t chunk = 0; chunk < valueChunks; ++chunk) {
        bool isFresh = !areValuesThere || valueChunks > 1;
        if (isFresh)
          emitValues(head, chunk, ++valueTurn);
        areValuesThere = true;
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          emitKeptValues(head, strip, core, chunk, valueTurn, turns[core].kept,
                         isFresh);
          isFresh = false;
        });
        forEachStrip(i, [&](uint32_t strip, uint8_t core) {
          uint64_t stripTurn = turns[core].strip++;
          emitWeigh(head, strip, core, chunk, valueTurn, turns[core].kept,
                    stripTurn);
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
  mostKept = std::max<uint64_t>(mostKept, heads.size() * plan.rounds);
  if (plan.isAhead)
    emitAhead(heads);
  else
    emitInline(heads);
}
