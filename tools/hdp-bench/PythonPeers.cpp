//===- PythonPeers.cpp - a process and two pipes --------------------------===//

#include "PythonPeers.h"
#include "hdp/Support/Error.h"
#include "hdp/Support/Json.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <csignal>
#include <cstdio>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace hdp;
using namespace hdp::bench;

extern char **environ;

llvm::Expected<std::unique_ptr<PythonPeers>>
PythonPeers::start(llvm::StringRef python, llvm::StringRef script) {
  static int anchor;
  std::string program = llvm::sys::fs::getMainExecutable("hdp-bench", &anchor);
  llvm::SmallString<128> path(llvm::sys::path::parent_path(program));
  llvm::sys::path::append(path, script);
  if (!llvm::sys::fs::exists(path))
    return makeFileError(
        path, std::make_error_code(std::errc::no_such_file_or_directory));
  std::unique_ptr<PythonPeers> peers(new PythonPeers());
  llvm::SmallString<128> file;
  int descriptor;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile(
          "hdp-bench", "npz", descriptor, file))
    return makeFileError(file, code);
  close(descriptor);
  peers->file = file.str().str();

  int in[2], out[2];
  if (pipe(in) != 0 || pipe(out) != 0)
    return makeFileError(python,
                         std::error_code(errno, std::system_category()));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  for (int end : {in[0], in[1], out[0], out[1]})
    posix_spawn_file_actions_addclose(&actions, end);
  std::string name = python.str(), scriptPath = path.str().str();
  char *arguments[] = {name.data(), scriptPath.data(), nullptr};
  pid_t process;
  int code = posix_spawnp(&process, name.c_str(), &actions, nullptr, arguments,
                          environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  peers->toPeer = in[1];
  peers->fromPeer = fdopen(out[0], "r");
  if (code != 0)
    return makeFileError(python, std::error_code(code, std::system_category()));
  peers->process = process;
  // A peer that is gone is an error of the next question, not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  return peers;
}

PythonPeers::~PythonPeers() {
  if (toPeer >= 0)
    close(toPeer); // the script ends with its input
  if (fromPeer)
    std::fclose(fromPeer);
  if (process > 0)
    waitpid(static_cast<pid_t>(process), nullptr, 0);
  if (!file.empty())
    llvm::sys::fs::remove(file);
}

llvm::Expected<llvm::json::Object> PythonPeers::ask(llvm::StringRef command) {
  std::string line = command.str() + "\n";
  std::string answer;
  if (write(toPeer, line.data(), line.size()) == ssize_t(line.size()))
    for (int c; (c = std::fgetc(fromPeer)) != EOF && c != '\n';)
      answer += static_cast<char>(c);
  if (answer.empty())
    return makeError("the Python process ended without an answer to '" +
                     command + "'");
  auto value = parseJson(answer, "the Python process");
  if (!value)
    return value.takeError();
  llvm::json::Object *object = value->getAsObject();
  if (!object)
    return makeError("the Python process: expected an object, found '" +
                     answer + "'");
  if (auto error = object->getString("error"))
    return makeError("the Python process: " + *error);
  return std::move(*object);
}

llvm::Expected<double> PythonPeers::run(int64_t peer) {
  auto answer = ask(("run " + llvm::Twine(peer)).str());
  if (!answer)
    return answer.takeError();
  if (auto seconds = answer->getNumber("seconds"))
    return *seconds;
  return makeError("the Python process: expected 'seconds' in the answer");
}
