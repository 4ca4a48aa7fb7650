//===- Html.cpp - a report as a page that stands alone --------------------===//
//
// Tables, and pictures as inline SVG; no scripts, nothing from elsewhere. All
// text is escaped.
//
//===----------------------------------------------------------------------===//

#include "HtmlPictures.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::machine;

static const MacReading readings[] = {MacReading::Fixed, MacReading::Brick};

static const char style[] =
    "body{font:14px sans-serif;margin:2em;max-width:70em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}"
    "td,th{padding:.2em "
    ".8em;text-align:right;white-space:nowrap;border-bottom:1px solid #ddd}"
    "td:first-child,th:first-child{text-align:left}"
    "svg{display:block;margin:.5em 0 1em}svg text{font:11px sans-serif}"
    ".heads{display:flex;flex-wrap:wrap;gap:1.5em}";

std::string machine::escapeHtml(llvm::StringRef text) {
  std::string escaped;
  for (char c : text)
    switch (c) {
    case '&':
      escaped += "&amp;";
      break;
    case '<':
      escaped += "&lt;";
      break;
    case '>':
      escaped += "&gt;";
      break;
    case '"':
      escaped += "&quot;";
      break;
    case '\'':
      escaped += "&#39;";
      break;
    default:
      escaped += c;
    }
  return escaped;
}

static void printRow(llvm::raw_ostream &os, const char *cell,
                     llvm::ArrayRef<std::string> texts) {
  os << "<tr>";
  for (const std::string &text : texts)
    os << "<" << cell << ">" << escapeHtml(text) << "</" << cell << ">";
  os << "</tr>\n";
}

static std::string percent(double share) {
  return llvm::formatv("{0:F1} %", 100 * share);
}

static std::string microjoules(const Range &energy) {
  return llvm::formatv("{0:F1} to {1:F1}", energy.low / 1e6, energy.high / 1e6);
}

/// Both kinds of multipliers side by side, and the dense baselines.
static void printSummary(llvm::raw_ostream &os, const RunReport &sum) {
  const Counters &total = sum.counters.total;
  os << "<p>"
     << escapeHtml(
            llvm::formatv(
                "{0}: {1} cores, {2} multipliers, {3} MHz, energy by {4}. {5} "
                "programs, {6} products, {7} bytes of DRAM, {8} of full blocks "
                "pruned, {9} of {10} heads gated.",
                sum.config.name, sum.config.cores, sum.config.macs(),
                sum.config.clock_mhz, sum.energyTable.name, sum.programs,
                total.macs, total.dramBytes, percent(prunedFraction(total)),
                total.gatedHeads, total.heads)
                .str())
     << "</p>\n<table>\n";
  printRow(os, "th", {"multipliers", "fixed", "brick"});
  auto row = [&](llvm::StringRef name, auto value) {
    printRow(os, "td", {name.str(), value(0), value(1)});
  };
  row("cycles",
      [&](unsigned r) { return std::to_string(sum.readings[r].cycles); });
  row("effective GOP/s", [&](unsigned r) {
    return llvm::formatv("{0:F1}", sum.readings[r].effectiveGops).str();
  });
  row("MAC utilisation",
      [&](unsigned r) { return percent(sum.readings[r].macUtilisation); });
  row("energy, uJ",
      [&](unsigned r) { return microjoules(sum.readings[r].energy.total()); });
  for (const RunReport::Baseline &baseline : sum.baselines) {
    std::string name = "dense, " + std::to_string(baseline.bits) + " bits: ";
    row(name + "cycles",
        [&](unsigned r) { return std::to_string(baseline.cycles[r]); });
    row(name + "times the cycles", [&](unsigned r) {
      return llvm::formatv("{0:F2}", double(baseline.cycles[r]) /
                                         double(sum.readings[r].cycles))
          .str();
    });
    row(name + "times the energy", [&](unsigned r) {
      return llvm::formatv("{0:F2}", baseline.energy[r].total().low /
                                         sum.readings[r].energy.total().low)
          .str();
    });
  }
  os << "</table>\n";
}

static void printParts(llvm::raw_ostream &os,
                       llvm::ArrayRef<ReportPart> parts) {
  os << "<h2>Parts</h2>\n<table>\n";
  printRow(os, "th",
           {"part", "where", "pruned", "macs", "cycles", "GOP/s", "utilisation",
            "energy, uJ"});
  for (const ReportPart &part : parts)
    for (MacReading reading : readings) {
      const RunReport::Reading &r = part.report->readings[unsigned(reading)];
      bool isFirst = reading == MacReading::Fixed;
      printRow(
          os, "td",
          {isFirst ? part.name : "", isFirst ? part.location : "",
           isFirst ? percent(prunedFraction(part.report->counters.total)) : "",
           stringify(reading).str(), std::to_string(r.cycles),
           llvm::formatv("{0:F1}", r.effectiveGops).str(),
           percent(r.macUtilisation), microjoules(r.energy.total())});
    }
  os << "</table>\n";
}

void machine::printHtml(llvm::raw_ostream &os, llvm::StringRef title,
                        const RunReport &sum,
                        llvm::ArrayRef<ReportPart> parts) {
  os << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
        "charset=\"utf-8\">\n<title>"
     << escapeHtml(title) << "</title>\n<style>" << style
     << "</style>\n</head>\n<body>\n<h1>" << escapeHtml(title) << "</h1>\n";
  printSummary(os, sum);
  printParts(os, parts);
  os << "<h2>Energy</h2>\n";
  drawEnergy(os, sum);
  MacReading own = sum.own();
  bool hasLaunch = llvm::any_of(
      parts, [](const ReportPart &part) { return part.launch != nullptr; });
  if (hasLaunch) {
    os << "<h2>Units over time</h2>\n<p>The first launch of each part, "
       << stringify(own)
       << " multipliers; the share of cores whose unit is busy.</p>\n";
    drawTimeline(os, parts, own);
    os << "<h2>Blocks</h2>\n<p>Rows are blocks of queries, columns blocks of "
          "keys. Dark: kept; light: pruned; grey: no valid position.</p>\n";
    drawMasks(os, parts);
  }
  os << "</body>\n</html>\n";
}
