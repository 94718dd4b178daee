#pragma once

// Command lines as they are typed in a shell, and what becomes of them: for tables of lines and requests.

#include <string>
#include <string_view>
#include <vector>

#include "command.pb.h"
#include "ctl/command_line.h"

namespace seki::ctl {

// Words are parted by spaces; '…' keeps a word together.
std::vector<std::string> words_of(std::string_view line);

std::variant<CommandLine, Exit> speak(std::string_view line);

// The line must be a good one; otherwise the test fails.
CommandLine understood(std::string_view line);
// The request that the line sends.
command::Request request_of(std::string_view line);
// The line must be a mistake; its message.
std::string mistake_in(std::string_view line);

// Protobuf's text format, in which "@8080" is the address 127.0.0.1:8080. Required fields may be missing.
template <typename Message>
Message message_of(std::string_view text);

// A directory that is gone with the test.
class Directory {
public:
    Directory();
    ~Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    // The path of a file with this content.
    std::string file(const std::string& name, std::string_view content) const;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace seki::ctl
