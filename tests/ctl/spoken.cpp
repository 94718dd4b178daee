#include "ctl/spoken.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace seki::ctl {
namespace {

std::string with_addresses(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '@' ? "ip { v4: 0x7F000001 } port: " : std::string(1, c);
    return out;
}

}  // namespace

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    bool inside = false;
    bool quoted = false;
    for (const char c : line) {
        if (c == '\'') quoted = !quoted;
        const bool gap = c == ' ' && !quoted;
        if (!gap && !inside) words.emplace_back();
        inside = !gap;
        if (!gap && c != '\'') words.back().push_back(c);
    }
    return words;
}

std::variant<CommandLine, Exit> speak(std::string_view line) {
    const std::vector<std::string> words = words_of(line);
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    return parse(arguments);
}

CommandLine understood(std::string_view line) {
    auto spoken = speak(line);
    if (auto* good = std::get_if<CommandLine>(&spoken)) return std::move(*good);
    ADD_FAILURE() << line << "\n" << std::get<Exit>(spoken).text;
    return {};
}

command::Request request_of(std::string_view line) {
    const CommandLine good = understood(line);
    if (const auto* ask = std::get_if<Ask>(&good.action)) return ask->request;
    if (const auto* watch = std::get_if<Watch>(&good.action)) return watch->request;
    ADD_FAILURE() << line << ": not a question";
    return {};
}

std::string mistake_in(std::string_view line) {
    const auto spoken = speak(line);
    const auto* exit = std::get_if<Exit>(&spoken);
    if (exit == nullptr) {
        ADD_FAILURE() << line << ": was taken";
        return {};
    }
    EXPECT_EQ(exit->code, 2) << line;
    return exit->text;
}

template <typename Message>
Message message_of(std::string_view text) {
    Message message;
    google::protobuf::TextFormat::Parser parser;
    parser.AllowPartialMessage(true);
    EXPECT_TRUE(parser.ParseFromString(with_addresses(text), &message)) << text;
    return message;
}

template command::Request message_of(std::string_view);
template command::Response message_of(std::string_view);
template command::ResponseContent message_of(std::string_view);
template command::Event message_of(std::string_view);

Directory::Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "seki-ctl-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
}

Directory::~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Directory::file(const std::string& name, std::string_view content) const {
    std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

}  // namespace seki::ctl
