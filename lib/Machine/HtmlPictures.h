//===- HtmlPictures.h - the pictures of a page ------------------*- C++ -*-===//
//
// Each writes one or more svg elements.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_HTMLPICTURES_H
#define HDP_LIB_MACHINE_HTMLPICTURES_H

#include "hdp/Machine/Report.h"

namespace hdp::machine {

/// Text that means nothing to a browser.
std::string escapeHtml(llvm::StringRef text);

/// A bar a kind of multipliers, dense baselines beneath, in parts.
void drawEnergy(llvm::raw_ostream &os, const RunReport &sum);

/// A lane a unit, launches one after the other.
void drawTimeline(llvm::raw_ostream &os, llvm::ArrayRef<ReportPart> parts,
                  MacReading reading);

/// The blocks of a few heads, from the one that keeps most to the one that
/// keeps least.
void drawMasks(llvm::raw_ostream &os, llvm::ArrayRef<ReportPart> parts);

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_HTMLPICTURES_H
