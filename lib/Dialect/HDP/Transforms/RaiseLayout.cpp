//===- RaiseLayout.cpp - choosing an attention's dimensions ---------------===//

#include "RaiseLayout.h"

using namespace mlir;
using namespace hdp::raise;

SmallVector<Digits> Dims::with(ArrayRef<Digits> last, bool ungrouped) const {
  SmallVector<Digits> dims(leading);
  if (ungrouped && !group.empty())
    dims.back().truncate(dims.back().size() - group.size());
  dims.append(last.begin(), last.end());
  return dims;
}

//===----------------------------------------------------------------------===//
// Cuts
//===----------------------------------------------------------------------===//

void Cuts::add(const Index &index) {
  for (const Digit &digit : index) {
    std::set<int64_t> &atom = cuts[digit.atom];
    atom.insert(digit.div);
    if (!ShapedType::isDynamic(digit.ext))
      atom.insert(digit.div * digit.ext);
  }
}

bool Cuts::consistent(const Expr &expr) {
  for (auto &[atom, points] : cuts) {
    points.insert(1);
    int64_t extent = expr.extentOf(atom);
    if (!ShapedType::isDynamic(extent))
      points.insert(extent);
    int64_t last = 1;
    for (int64_t point : points) {
      if (point % last != 0)
        return false;
      last = point;
    }
    // An end of a dynamic atom is not one of its points.
    if (!ShapedType::isDynamic(extent) && last != extent)
      return false;
  }
  return true;
}

Digits Cuts::pieces(const Index &index) const {
  Digits pieces;
  for (const Digit &digit : index) {
    Digits low; // least significant first
    int64_t end = ShapedType::isDynamic(digit.ext) ? ShapedType::kDynamic
                                                   : digit.div * digit.ext;
    const std::set<int64_t> &points = cuts.at(digit.atom);
    for (auto it = points.find(digit.div); it != points.end(); ++it) {
      if (*it == end)
        break;
      auto next = std::next(it);
      low.push_back(
          {digit.atom, *it,
           next == points.end() ? ShapedType::kDynamic : *next / *it});
    }
    pieces.append(low.rbegin(), low.rend());
  }
  return pieces;
}

Digits Cuts::pieces(const Expr &expr, unsigned atom) const {
  Index whole = expr.wholeAtom(atom);
  return cuts.count(atom) ? pieces(whole) : Digits(whole.begin(), whole.end());
}

SmallVector<Digits> hdp::raise::piecesOf(const Cuts &cuts,
                                         const Access &access) {
  SmallVector<Digits> dims;
  for (const Index &index : access)
    dims.push_back(cuts.pieces(index));
  return dims;
}

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

static bool contains(ArrayRef<Digit> digits, const Digit &digit) {
  return llvm::is_contained(digits, digit);
}

static Digits flatten(ArrayRef<Digits> dims) {
  Digits flat;
  for (const Digits &dim : dims)
    flat.append(dim.begin(), dim.end());
  return flat;
}

/// Of several atoms that only the queries have, the one that is the row index:
/// last before the keys in the scores, where they are laid out as a tensor.
/// Any choice means the same values; this one keeps heads heads.
static std::optional<unsigned> chooseRows(const Site &site,
                                          ArrayRef<unsigned> candidates,
                                          ArrayRef<Digits> query,
                                          const Digits &batch) {
  if (candidates.empty())
    return std::nullopt;
  if (candidates.size() == 1)
    return candidates.front();
  SmallVector<unsigned> alone;
  for (unsigned atom : candidates) {
    bool besideBatch = llvm::any_of(query, [&](const Digits &dim) {
      return llvm::any_of(dim,
                          [&](const Digit &d) { return d.atom == atom; }) &&
             llvm::any_of(dim,
                          [&](const Digit &d) { return contains(batch, d); });
    });
    if (!besideBatch)
      alone.push_back(atom);
  }
  // Heads of a group stand right behind the innermost shared dimension.
  Digits flat = flatten(query);
  auto innermost = llvm::find_if(llvm::reverse(flat), [&](const Digit &digit) {
    return contains(batch, digit);
  });
  if (innermost != flat.rend() && innermost != flat.rbegin()) {
    unsigned next = std::prev(innermost)->atom;
    if (alone.size() > 1)
      llvm::erase(alone, next);
  }
  if (alone.empty())
    alone.assign(candidates.begin(), candidates.end());
  auto lastIn = [&](const Access &access) -> std::optional<unsigned> {
    for (const Index &index : llvm::reverse(access))
      for (const Digit &digit : llvm::reverse(index))
        if (llvm::is_contained(alone, digit.atom))
          return digit.atom;
    return std::nullopt;
  };
  if (std::optional<unsigned> atom = lastIn(site.probability))
    return atom;
  return lastIn(site.result);
}

/// Whether `group` directly follows `heads` in one dimension.
static bool follows(ArrayRef<Digits> operand, const Digit &heads,
                    const Digits &group) {
  Digits run{heads};
  run.append(group.begin(), group.end());
  for (const Digits &dim : operand)
    if (std::search(dim.begin(), dim.end(), run.begin(), run.end()) !=
        dim.end())
      return true;
  return false;
}

bool hdp::raise::planDims(Expr &expr, const Site &site,
                          ArrayRef<Node *> addends, Cuts &cuts, Dims &dims,
                          Refusal &refusal) {
  for (Node *load : {site.query, site.key, site.value})
    for (const Index &index : load->access)
      cuts.add(index);
  for (Node *leaf : addends) {
    for (const Index &index : leaf->access)
      cuts.add(index);
    cuts.add(leaf->index);
  }
  for (const Index &index : site.result)
    cuts.add(index);
  if (!cuts.consistent(expr))
    return refusal.because("layout", "operands cut one dimension at places "
                                     "that do not divide each other");

  SmallVector<Digits> queryDims = piecesOf(cuts, site.query->access);
  Digits query = flatten(queryDims);
  Digits key = flatten(piecesOf(cuts, site.key->access));
  Digits value = flatten(piecesOf(cuts, site.value->access));
  SmallVector<Digits> resultDims = piecesOf(cuts, site.result);
  Digits result = flatten(resultDims);
  dims.keys = cuts.pieces(expr, site.keyAtom);
  if (site.depthAtom)
    dims.depth = cuts.pieces(expr, *site.depthAtom);

  Digits added;
  for (Node *leaf : addends) {
    for (const Digits &dim : piecesOf(cuts, leaf->access))
      added.append(dim.begin(), dim.end());
    added.append(cuts.pieces(leaf->index));
  }

  // Sort the result's pieces by who has them.
  Digits batch, queryOnly;
  SmallVector<unsigned> valueAtoms;
  for (const Digit &digit : result) {
    bool inQuery = contains(query, digit), inKey = contains(key, digit),
         inValue = contains(value, digit);
    if (inKey || (inQuery && inValue) || (inValue && contains(added, digit)))
      batch.push_back(digit);
    else if (inValue) {
      if (!llvm::is_contained(valueAtoms, digit.atom))
        valueAtoms.push_back(digit.atom);
    } else {
      queryOnly.push_back(digit);
    }
  }
  if (valueAtoms.size() > 1)
    return refusal.because("layout", "the values have " +
                                         Twine(valueAtoms.size()) +
                                         " dimensions of their own, expected "
                                         "one");
  if (!valueAtoms.empty())
    dims.valueDepth = cuts.pieces(expr, valueAtoms.front());

  SmallVector<unsigned> rowAtoms;
  for (const Digit &digit : queryOnly)
    if (llvm::all_of(cuts.pieces(expr, digit.atom),
                     [&](const Digit &d) { return contains(queryOnly, d); }) &&
        !llvm::is_contained(rowAtoms, digit.atom))
      rowAtoms.push_back(digit.atom);
  std::optional<unsigned> rows = chooseRows(site, rowAtoms, queryDims, batch);
  if (rows)
    dims.rows = cuts.pieces(expr, *rows);
  Digits group;
  for (const Digit &digit : queryOnly)
    if (!rows || digit.atom != *rows)
      group.push_back(digit);

  // Grouped heads: beside the head dimension when query and result keep the
  // two together, else a dimension of their own with one key head.
  std::optional<Digit> heads;
  if (!group.empty())
    for (const Digit &digit : batch)
      if (follows(queryDims, digit, group) && follows(resultDims, digit, group))
        heads = digit;
  for (const Digit &digit : batch)
    if (!heads || digit != *heads)
      dims.leading.push_back({digit});
  if (!group.empty()) {
    dims.group = group;
    Digits last;
    if (heads)
      last.push_back(*heads);
    last.append(group.begin(), group.end());
    dims.leading.push_back(last);
  }
  // One head is a head too.
  if (dims.leading.empty())
    dims.leading.emplace_back();
  return true;
}
