//===- ProgramOrder.cpp - in which order commands come --------------------===//
//
// Head by head and strip by strip along a plan, one after the other; double
// buffering moves what can overlap (DoubleBuffer.cpp).
//
//===----------------------------------------------------------------------===//

#include "AttentionBuilder.h"
#include <optional>

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
        emitKeptKeys(head, strip, core, Plane::Fraction, 0, head.turn,
                     keptTurn(head, i), strip == 0);
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
        emitWeigh(head, strip, core, 0, /*isFirst=*/true, head.turn,
                  keptTurn(head, i), stripTurn);
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
    // The chunks that are there: the latest of each. Sweeps over chunks change
    // direction from one to the next, so that each begins where the one before
    // has ended. A chunk that is the whole head is loaded once.
    uint32_t keyChunks = plan.keyChunks(site),
             valueChunks = plan.valueChunks(site);
    std::optional<uint32_t> keysThere, valuesThere;
    bool isBackward = false;
    auto bringKeys = [&](uint32_t chunk) {
      if (keysThere == chunk)
        return;
      emitKeys(head, chunk, ++keyTurn);
      keysThere = chunk;
    };
    // The chunk of a sweep's next step.
    auto chunkOf = [&](uint32_t step) {
      return isBackward ? keyChunks - 1 - step : step;
    };
    auto beginPass = [&](uint32_t round) {
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitQueries(head, strip, core, ++turns[core].kept);
        emitMasks(head, strip, core, plan.validInteger);
      });
    };
    auto emitPassStep = [&](uint32_t round, uint32_t step, bool measure) {
      uint32_t chunk = chunkOf(step);
      bringKeys(chunk);
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitInteger(head, strip, core, chunk, keyTurn, turns[core].kept,
                    measure);
      });
    };
    auto endPass = [&](uint32_t round, bool measure) {
      isBackward = !isBackward;
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitEndRows(head, strip, core, turns[core].kept, measure);
      });
    };
    auto emitPass = [&](uint32_t round, bool measure) {
      beginPass(round);
      for (uint32_t step = 0; step < keyChunks; ++step)
        emitPassStep(round, step, measure);
      endPass(round, measure);
    };
    if (gated) {
      // The gate is decided by a pass of its own: masks of the whole head do
      // not fit.
      for (uint32_t i = 0; i < plan.rounds; ++i)
        emitPass(i, true);
      emitEndHead(head);
    }
    bool areFractionsFresh = true;
    auto emitScores = [&](uint32_t round) {
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        if (site.dense)
          emitQueries(head, strip, core, ++turns[core].kept);
        emitMasks(head, strip, core, plan.valid);
        if (!site.dense)
          emitQueryFractions(head, strip, core);
      });
      for (uint32_t step = 0; step < keyChunks; ++step) {
        uint32_t chunk = chunkOf(step);
        // Scores want the kept keys of a chunk alone.
        if (bringsKeptKeys()) {
          ++keyTurn;
          keysThere.reset();
        } else {
          bringKeys(chunk);
        }
        bool isFresh = keyChunks > 1 || areFractionsFresh;
        areFractionsFresh = false;
        for (Plane plane : {Plane::Integer, Plane::Fraction}) {
          if (plane == Plane::Integer && !bringsKeptKeys())
            continue;
          bool isFirst = isFresh;
          forEachStrip(round, [&](uint32_t strip, uint8_t core) {
            emitKeptKeys(head, strip, core, plane, chunk, keyTurn,
                         turns[core].kept, isFirst);
            isFirst = false;
          });
        }
        forEachStrip(round, [&](uint32_t strip, uint8_t core) {
          emitScore(head, strip, core, chunk, keyTurn, turns[core].kept,
                    turns[core].kept);
        });
      }
      isBackward = !isBackward;
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitSoftmax(head, strip, core, turns[core].kept);
        turns[core].weighed = turns[core].kept;
      });
    };
    auto emitWeighStep = [&](uint32_t round, uint32_t step) {
      uint32_t chunk = round % 2 ? valueChunks - 1 - step : step;
      bool isFresh = valuesThere != chunk;
      if (isFresh)
        emitValues(head, chunk, ++valueTurn);
      valuesThere = chunk;
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        emitKeptValues(head, strip, core, chunk, valueTurn, turns[core].weighed,
                       isFresh);
        isFresh = false;
      });
      forEachStrip(round, [&](uint32_t strip, uint8_t core) {
        uint64_t stripTurn = turns[core].strip++;
        emitWeigh(head, strip, core, chunk, /*isFirst=*/step == 0, valueTurn,
                  turns[core].weighed, stripTurn);
        if (step + 1 < valueChunks)
          --turns[core].strip;
        else
          emitOutput(head, strip, core, stripTurn);
      });
    };
    for (uint32_t i = 0; i < plan.rounds; ++i) {
      if (!site.dense && (i == 0 || !plan.isPipelined))
        emitPass(i, false);
      emitScores(i);
      // Weighing waits for values, an integer pass for the array: the one of
      // these strips and the other of the next ones go step by step.
      bool hasNext = !site.dense && plan.isPipelined && i + 1 < plan.rounds;
      if (hasNext)
        beginPass(i + 1);
      uint32_t done = 0, steps = hasNext ? keyChunks : 0;
      for (uint32_t step = 0; step < valueChunks; ++step) {
        for (; done < steps && done * valueChunks <= step * steps; ++done)
          emitPassStep(i + 1, done, false);
        emitWeighStep(i, step);
      }
      for (; done < steps; ++done)
        emitPassStep(i + 1, done, false);
      if (hasNext)
        endPass(i + 1, false);
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
