//===- PythonEntrants.cpp - attention operators of frameworks -------------===//

#include "AttentionContest.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/TensorFile.h"
#include "llvm/Support/FormatVariadic.h"

using namespace hdp;
using namespace hdp::bench;

static std::string textOf(const llvm::json::Object &object,
                          llvm::StringRef key) {
  return object.getString(key).value_or("").str();
}

llvm::Error Contest::addPython(PythonPeers &python) {
  std::vector<NamedTensor> tensors = {
      {"q", inputs.q}, {"k", inputs.k}, {"v", inputs.v}};
  if (llvm::Error error = writeNpz(python.getFile(), tensors))
    return error;
  auto answer = python.ask(
      llvm::formatv("load {0} {1:e17} {2}", python.getFile(), inputs.scale,
                    inputs.isCausal() ? "causal" : "unmasked")
          .str());
  if (!answer)
    return answer.takeError();
  const llvm::json::Array *peers = answer->getArray("peers");
  const llvm::json::Array *absent = answer->getArray("absent");
  if (!peers || !absent)
    return makeError("the Python process: expected 'peers' and 'absent'");
  for (const llvm::json::Value &value : *absent)
    if (const llvm::json::Object *peer = value.getAsObject())
      session.addNote(textOf(*peer, "name") +
                      " is absent: " + textOf(*peer, "reason"));
  for (size_t i = 0; i < peers->size(); ++i) {
    const llvm::json::Object *peer = (*peers)[i].getAsObject();
    if (!peer)
      continue;
    std::string name = textOf(*peer, "name");
    Entrant &entrant = addEntrant(name);
    entrant.isF32 = textOf(*peer, "precision") == "f32";
    entrant.row["version"] = textOf(*peer, "version");
    entrant.fetch = [&python, i](HostTensor &out) -> llvm::Error {
      auto done = python.ask(
          llvm::formatv("result {0} {1}", i, python.getFile()).str());
      if (!done)
        return done.takeError();
      auto file = TensorFile::open(python.getFile());
      if (!file)
        return file.takeError();
      auto tensor = file->load("out");
      if (!tensor)
        return tensor.takeError();
      if (tensor->getShape() != out.getShape() ||
          tensor->getElementType() != ElementType::F32)
        return makeError("the Python process: expected tensor<" +
                         formatType(out) + ">, found tensor<" +
                         formatType(*tensor) + ">");
      out = std::move(*tensor);
      return llvm::Error::success();
    };
    entrant.index =
        rounds.addTimed(name, [&python, i] { return python.run(int64_t(i)); });
  }
  return llvm::Error::success();
}
