// A preloaded library that starts Seki's workers under another program, valgrind for one, which does not know all that
// the supervisor asks of the kernel. The words of $BENCH_WRAP stand before the worker's own command.

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <spawn.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

std::string own_executable() {
    char path[4096];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
    return {path, static_cast<size_t>(size > 0 ? size : 0)};
}

std::vector<std::string> wrapped(char* const* arguments) {
    std::vector<std::string> words;
    std::istringstream wrap(std::getenv("BENCH_WRAP"));
    for (std::string word; wrap >> word;) words.push_back(word);
    words.push_back(own_executable());
    for (++arguments; *arguments != nullptr; ++arguments) words.emplace_back(*arguments);
    return words;
}

}  // namespace

extern "C" int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                           const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) {
    using Spawn = decltype(&posix_spawn);
    if (std::strcmp(path, "/proc/self/exe") != 0) {
        return reinterpret_cast<Spawn>(dlsym(RTLD_NEXT, "posix_spawn"))(pid, path, actions, attributes, arguments,
                                                                        environment);
    }
    std::vector<std::string> words = wrapped(arguments);
    std::vector<char*> command;
    for (std::string& word : words) command.push_back(word.data());
    command.push_back(nullptr);
    unsetenv("LD_PRELOAD");
    return posix_spawnp(pid, command[0], actions, attributes, command.data(), environ);
}
