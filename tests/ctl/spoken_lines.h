#pragma once

// Every verb and every option of the command line, each in at least one line, with the request that the line sends.
// `completeness_test` compares the lines with the help texts, so that no option can be forgotten here.

#include <span>
#include <string_view>

namespace seki::ctl {

// "$" in a line or a request stands for the directory of the test. It has the files that spoken_lines.cpp names.
struct SpokenLine {
    std::string_view line;
    std::string_view request;  // protobuf's text format, see message_of
};

std::span<const SpokenLine> spoken_lines();
// Lines that are more, or less, than one question.
std::span<const std::string_view> other_lines();

}  // namespace seki::ctl
