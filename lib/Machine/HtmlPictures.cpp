//===- HtmlPictures.cpp - bars, lanes and masks as SVG --------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "HtmlPictures.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::machine;
using llvm::formatv;

static constexpr double pageWidth = 900, labelWidth = 130;

static void openSvg(llvm::raw_ostream &os, double width, double height) {
  os << formatv("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:F0}\" "
                "height=\"{1:F0}\" role=\"img\">\n",
                width, height);
}

static void drawText(llvm::raw_ostream &os, double x, double y,
                     llvm::StringRef text) {
  os << formatv("<text x=\"{0:F1}\" y=\"{1:F1}\">{2}</text>\n", x, y,
                escapeHtml(text));
}

static void drawBox(llvm::raw_ostream &os, double x, double y, double width,
                    double height, const char *colour,
                    llvm::StringRef tip = "") {
  os << formatv("<rect x=\"{0:F1}\" y=\"{1:F1}\" width=\"{2:F1}\" "
                "height=\"{3:F1}\" fill=\"{4}\"",
                x, y, width, height, colour);
  if (tip.empty())
    os << "/>\n";
  else
    os << "><title>" << escapeHtml(tip) << "</title></rect>\n";
}

//===----------------------------------------------------------------------===//
// Energy
//===----------------------------------------------------------------------===//

static const char *const energyColours[] = {"#30638e", "#5b8fb9", "#d1495b",
                                            "#edae49", "#66a182", "#8d6a9f",
                                            "#555555", "#bbbbbb"};

void machine::drawEnergy(llvm::raw_ostream &os, const RunReport &sum) {
  std::vector<std::pair<std::string, const Energy *>> bars;
  for (unsigned r = 0; r < 2; ++r) {
    std::string kind = stringify(MacReading(r)).str();
    bars.push_back({kind, &sum.readings[r].energy});
    for (const RunReport::Baseline &baseline : sum.baselines)
      bars.push_back({kind + ", dense " + std::to_string(baseline.bits),
                      &baseline.energy[r]});
  }
  double most = 0;
  for (auto &[name, energy] : bars)
    most = std::max(most, energy->total().low);
  if (most == 0)
    return;
  constexpr double bar = 18, gap = 6;
  openSvg(os, pageWidth, double(bars.size()) * (bar + gap) + 30);
  double y = 0;
  for (auto &[name, energy] : bars) {
    drawText(os, 0, y + bar - 5, name);
    double x = labelWidth;
    size_t colour = 0;
    forEachPart(*energy, [&](const char *part, const Range &range) {
      double width = range.low / most * (pageWidth - labelWidth - 90);
      drawBox(os, x, y, width, bar, energyColours[colour++],
              formatv("{0}: {1:F2} to {2:F2} uJ", part, range.low / 1e6,
                      range.high / 1e6)
                  .str());
      x += width;
    });
    drawText(os, x + 4, y + bar - 5,
             formatv("{0:F1} uJ", energy->total().low / 1e6).str());
    y += bar + gap;
  }
  double x = labelWidth;
  size_t colour = 0;
  forEachPart(*bars.front().second, [&](const char *part, const Range &) {
    drawBox(os, x, y + 6, 10, 10, energyColours[colour++]);
    drawText(os, x + 14, y + 15, part);
    x += 92;
  });
  os << "</svg>\n";
}

//===----------------------------------------------------------------------===//
// Timeline
//===----------------------------------------------------------------------===//

namespace {
/// How busy each queue is, over all cores, in equal pieces of time.
class Timeline {
public:
  static constexpr size_t bins = 380;

  Timeline(uint64_t cycles, uint64_t cores)
      : perBin(double(std::max<uint64_t>(cycles, 1)) / double(bins)),
        cores(double(cores)) {
    for (auto &lane : busy)
      lane.assign(bins, 0.0);
  }

  void add(unsigned queue, uint64_t start, uint64_t end) {
    auto from = double(start) / perBin, to = double(end) / perBin;
    for (auto bin = size_t(from); bin < bins && double(bin) < to; ++bin)
      busy[queue][bin] +=
          std::min(to, double(bin + 1)) - std::max(from, double(bin));
  }
  double share(unsigned queue, size_t bin) const {
    return std::min(1.0, busy[queue][bin] / cores);
  }

private:
  double perBin, cores;
  std::vector<double> busy[numQueues];
};
} // namespace

void machine::drawTimeline(llvm::raw_ostream &os,
                           llvm::ArrayRef<ReportPart> parts,
                           MacReading reading) {
  uint64_t cycles = 0, cores = 1;
  for (const ReportPart &part : parts)
    if (part.launch) {
      cycles += part.launch->run.get(reading).cycles;
      cores = part.launch->run.config.cores;
    }
  Timeline timeline(cycles, cores);
  std::vector<std::pair<uint64_t, std::string>> marks;
  uint64_t begin = 0;
  for (const ReportPart &part : parts) {
    if (!part.launch)
      continue;
    const Run &run = part.launch->run;
    const Schedule &schedule = run.get(reading);
    marks.push_back({begin, part.name});
    for (size_t i = 0; i < schedule.commands.size(); ++i) {
      size_t queue = queueOf(part.launch->program->commands[i], run.config);
      if (queue < run.config.cores * numQueues)
        timeline.add(unsigned(queue % numQueues),
                     begin + schedule.commands[i].start,
                     begin + schedule.commands[i].free);
    }
    begin += schedule.cycles;
  }

  constexpr double lane = 34, gap = 6, step = 2;
  double bottom = numQueues * (lane + gap);
  openSvg(os, pageWidth, bottom + 36);
  for (unsigned queue = 0; queue < numQueues; ++queue) {
    double y = queue * (lane + gap);
    drawText(os, 0, y + lane / 2 + 4, stringify(Queue(queue)));
    drawBox(os, labelWidth, y, Timeline::bins * step, lane, "#f3f3f3");
    os << "<path fill=\"#30638e\" d=\"M" << formatv("{0:F0}", labelWidth) << ","
       << formatv("{0:F1}", y + lane);
    for (size_t bin = 0; bin < Timeline::bins; ++bin)
      os << formatv("V{0:F1}H{1:F0}",
                    y + lane * (1 - timeline.share(queue, bin)),
                    labelWidth + double(bin + 1) * step);
    os << formatv("V{0:F1}Z\"/>\n", y + lane);
  }
  // Every label has room, or some are left out.
  double last = -1000;
  for (auto &[cycle, name] : marks) {
    double x = labelWidth + double(cycle) /
                                double(std::max<uint64_t>(cycles, 1)) *
                                Timeline::bins * step;
    os << formatv("<line x1=\"{0:F1}\" x2=\"{0:F1}\" y1=\"0\" "
                  "y2=\"{1:F1}\" stroke=\"#d1495b\" "
                  "stroke-width=\"0.5\"/>\n",
                  x, bottom);
    if (x - last < 8.0 * double(name.size()))
      continue;
    drawText(os, x, bottom + 12, name);
    last = x;
  }
  drawText(os, labelWidth, bottom + 30,
           formatv("0 to {0} cycles", cycles).str());
  os << "</svg>\n";
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

namespace {
struct MaskedHead {
  const ReportPart *part;
  uint32_t head;
  double kept; ///< of full blocks
};
} // namespace

static std::vector<MaskedHead> rankHeads(llvm::ArrayRef<ReportPart> parts) {
  std::vector<MaskedHead> heads;
  for (const ReportPart &part : parts) {
    if (!part.launch || !part.launch->blocks.count("kept"))
      continue;
    const Site &site = part.launch->program->sites[0];
    const std::vector<int64_t> &kind = part.launch->blocks.at("kind"),
                               &kept = part.launch->blocks.at("kept");
    uint64_t blocks = uint64_t(site.blockRows()) * site.blockColumns();
    for (uint32_t h = 0; h < site.Hq; ++h) {
      uint64_t full = 0, keptFull = 0;
      for (uint64_t b = h * blocks; b < (h + 1) * blocks; ++b) {
        full += kind[b] == 2;
        keptFull += kind[b] == 2 && kept[b] != 0;
      }
      heads.push_back(
          {&part, h, full == 0 ? 0.0 : double(keptFull) / double(full)});
    }
  }
  llvm::sort(heads, [](const MaskedHead &a, const MaskedHead &b) {
    return std::make_tuple(-a.kept, a.part, a.head) <
           std::make_tuple(-b.kept, b.part, b.head);
  });
  return heads;
}

static void drawMask(llvm::raw_ostream &os, const MaskedHead &chosen) {
  const Site &site = chosen.part->launch->program->sites[0];
  uint32_t rows = site.blockRows(), columns = site.blockColumns();
  const int64_t *kind = chosen.part->launch->blocks.at("kind").data(),
                *kept = chosen.part->launch->blocks.at("kept").data();
  uint64_t first = uint64_t(chosen.head) * rows * columns;
  double cell = std::max(0.5, std::min(8.0, 240.0 / std::max(rows, columns)));
  auto colourOf = [&](uint32_t r, uint32_t c) {
    uint64_t at = first + uint64_t(r) * columns + c;
    return kept[at] != 0 ? "#30638e" : kind[at] == 0 ? "#cccccc" : "#eef3f7";
  };
  os << "<figure>";
  openSvg(os, columns * cell, rows * cell);
  // Neighbours of a colour are one box.
  for (uint32_t r = 0; r < rows; ++r)
    for (uint32_t c = 0, end; c < columns; c = end) {
      const char *colour = colourOf(r, c);
      for (end = c + 1; end < columns && colourOf(r, end) == colour; ++end) {
      }
      drawBox(os, c * cell, r * cell, (end - c) * cell, cell, colour);
    }
  os << "</svg><figcaption>"
     << escapeHtml(formatv("{0}, head {1}: {2:F1} % kept", chosen.part->name,
                           chosen.head, 100 * chosen.kept)
                       .str())
     << "</figcaption></figure>\n";
}

void machine::drawMasks(llvm::raw_ostream &os,
                        llvm::ArrayRef<ReportPart> parts) {
  std::vector<MaskedHead> heads = rankHeads(parts);
  constexpr size_t most = 6;
  size_t count = std::min(most, heads.size());
  os << "<div class=\"heads\">\n";
  for (size_t i = 0; i < count; ++i)
    drawMask(os, heads[count == 1 ? 0 : i * (heads.size() - 1) / (count - 1)]);
  os << "</div>\n";
}
