//===- Report.cpp - text and JSON from the counters -----------------------===//

#include "hdp/Execution/Report.h"
#include "MachineReport.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace hdp;
using llvm::format;
using llvm::json::Array;
using llvm::json::Object;
using llvm::json::Value;

/// part / whole, 0 when there was nothing to count.
static double divide(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

static bool hasPolicy(const RunReport &report) {
  return llvm::any_of(report.layers, [](const LayerReport &layer) {
    return layer.hasPolicy();
  });
}

std::optional<double> RunReport::getPrunedFraction() const {
  if (!::hasPolicy(*this))
    return std::nullopt;
  int64_t pruned = 0, full = 0;
  for (const LayerReport &layer : layers) {
    pruned += layer.prunedBlocks;
    full += layer.fullBlocks;
  }
  return divide(pruned, full);
}

std::optional<double> RunReport::getGatedFraction() const {
  if (!::hasPolicy(*this))
    return std::nullopt;
  int64_t gated = 0, heads = 0;
  for (const LayerReport &layer : layers) {
    gated += layer.gatedHeads;
    heads += layer.heads;
  }
  return divide(gated, heads);
}

std::optional<bool> RunReport::getEnginesEqual() const {
  if (engines.size() < 2)
    return std::nullopt;
  return llvm::all_of(layers, [](const LayerReport &layer) {
    return layer.equal.value_or(true);
  });
}

/// null when there is no value.
template <typename T> static Value orNull(const std::optional<T> &value) {
  return value ? Value(*value) : Value(nullptr);
}

static Value errorOrNull(const std::optional<double> &error) {
  if (error && !std::isfinite(*error))
    return "inf";
  return orNull(error);
}

static Value textOrNull(const std::string &text) {
  return text.empty() ? Value(nullptr) : Value(text);
}

static Value toJson(const LayerReport &layer) {
  Object object{{"location", layer.location},
                {"policy", textOrNull(layer.policy)},
                {"equal", orNull(layer.equal)},
                {"difference", textOrNull(layer.difference)},
                {"max_error", errorOrNull(layer.maxError)}};
  bool counted = layer.hasPolicy();
  auto set = [&](llvm::StringRef key, Value value) {
    object[key] = counted ? std::move(value) : Value(nullptr);
  };
  set("pruned_fraction", divide(layer.prunedBlocks, layer.fullBlocks));
  set("gated_fraction", divide(layer.gatedHeads, layer.heads));
  set("full_blocks", layer.fullBlocks);
  set("pruned_blocks", layer.prunedBlocks);
  set("heads", layer.heads);
  set("gated_heads", layer.gatedHeads);
  set("saturated", layer.saturated);
  set("nan", layer.nan);
  addCost(object, layer.cost.get(), /*samples=*/0);
  return object;
}

Value hdp::toJson(const RunReport &report) {
  Array layers;
  for (const LayerReport &layer : report.layers)
    layers.push_back(::toJson(layer));
  Value unraised = nullptr;
  if (const auto &found = report.unraised)
    unraised = Object{{"max_error", errorOrNull(found->maxError)},
                      {"correct", orNull(found->correct)},
                      {"predictions_differ", found->predictionsDiffer}};
  Object object{{"model", report.model},
                {"function", report.function},
                {"engines", Array(report.engines)},
                {"threads", report.threads},
                {"correct", orNull(report.correct)},
                {"total", report.total},
                {"pruned_fraction", orNull(report.getPrunedFraction())},
                {"gated_fraction", orNull(report.getGatedFraction())},
                {"seconds", report.seconds},
                {"compile_seconds", report.compileSeconds},
                {"engines_equal", orNull(report.getEnginesEqual())},
                {"unraised", std::move(unraised)},
                {"layers", std::move(layers)}};
  addCost(object, report.getCost().get(), report.samples);
  return object;
}

/// `64.8 %`, or `-`.
static std::string percent(std::optional<double> fraction) {
  if (!fraction)
    return "-";
  std::string text;
  llvm::raw_string_ostream(text) << format("%.1f %%", 100 * *fraction);
  return text;
}

static std::string number(std::optional<double> value) {
  if (!value)
    return "-";
  std::string text;
  llvm::raw_string_ostream(text) << format("%.3g", *value);
  return text;
}

static void printLayers(llvm::raw_ostream &os, const RunReport &report) {
  os << "  layer  pruned   gated    saturated  nan    equal  max error  "
        "location\n";
  for (const auto &[index, layer] : llvm::enumerate(report.layers)) {
    bool counted = layer.hasPolicy();
    auto count = [&](int64_t value) {
      return counted ? std::to_string(value) : std::string("-");
    };
    auto fraction = [&](int64_t part, int64_t whole) {
      return counted ? percent(divide(part, whole)) : std::string("-");
    };
    os << llvm::formatv(
        "  {0,-5}  {1,-7}  {2,-7}  {3,-9}  {4,-5}  {5,-5}  {6,-9}  {7}\n",
        index, fraction(layer.prunedBlocks, layer.fullBlocks),
        fraction(layer.gatedHeads, layer.heads), count(layer.saturated),
        count(layer.nan), !layer.equal ? "-" : (*layer.equal ? "yes" : "no"),
        number(layer.maxError), layer.location);
    if (!layer.difference.empty())
      os << "         differs: " << layer.difference << "\n";
  }
}

/// The policy of all layers, or that there are several.
static std::string describePolicy(const RunReport &report) {
  if (report.layers.empty())
    return "no attention was recognised";
  const std::string &first = report.layers.front().policy;
  for (const LayerReport &layer : report.layers)
    if (layer.policy != first)
      return "not the same in all layers";
  return first.empty() ? "exact" : first;
}

void hdp::printReport(llvm::raw_ostream &os, const RunReport &report) {
  auto line = [&](llvm::StringRef name) -> llvm::raw_ostream & {
    return os << llvm::left_justify(name, 10) << " ";
  };
  line("model") << report.model << ", function '" << report.function << "'\n";
  line("policy") << describePolicy(report) << "\n";
  line("engines") << llvm::join(report.engines, ", ");
  if (std::optional<bool> equal = report.getEnginesEqual())
    os << (*equal ? ": equal" : ": NOT equal");
  os << "\n";
  if (report.correct)
    line("correct") << *report.correct << " of " << report.total << ", "
                    << format("%.2f %%",
                              100 * divide(*report.correct, report.total))
                    << "\n";
  else
    line("samples") << report.total << "\n";
  if (hasPolicy(report))
    line("pruned") << percent(report.getPrunedFraction()) << " of full blocks, "
                   << percent(report.getGatedFraction()) << " of heads gated\n";
  if (report.unraised) {
    line("unraised") << "largest error " << number(report.unraised->maxError)
                     << ", " << report.unraised->predictionsDiffer
                     << " predictions differ";
    if (report.unraised->correct)
      os << ", " << *report.unraised->correct << " correct there";
    os << "\n";
  }
  line("seconds") << format("%.2f", report.seconds) << " in calls, "
                  << format("%.2f", report.compileSeconds)
                  << " to compile, threads: " << report.threads << "\n";
  if (!report.layers.empty())
    printLayers(os, report);
  printCost(os, report);
}
