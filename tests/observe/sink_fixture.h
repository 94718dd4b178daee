#pragma once

// A pipe with a log sink at one end and the test at the other.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "base/check.h"
#include "base/unique_fd.h"
#include "observe/log_sink.h"

namespace seki::observe {

inline constexpr WallTime noon{std::chrono::nanoseconds(1'772'619'072'345'678'901)};  // 2026-03-04, 10:11:12

inline bool write_line(LogSink& sink, std::string_view text, WallTime now = noon) {
    const std::span<char> window = sink.open_line(now);
    if (window.empty()) return false;
    LineWriter line(window);
    line.add(text);
    line.end_line();
    sink.close_line(line.size());
    return true;
}

inline std::string read_all(int fd) {
    std::string all;
    char piece[65536];
    for (;;) {
        const ssize_t got = ::read(fd, piece, sizeof piece);
        if (got <= 0) return all;
        all.append(piece, static_cast<size_t>(got));
    }
}

inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            lines.back() += "<no line end>";
            break;
        }
        text.remove_prefix(end + 1);
    }
    return lines;
}

struct SinkFixture : testing::Test {
    SinkFixture() {
        int ends[2];
        SEKI_CHECK(::pipe2(ends, O_CLOEXEC) == 0);
        reader.reset(ends[0]);
        writer.reset(ends[1]);
        fcntl(reader.get(), F_SETFL, O_NONBLOCK);
        sink = LogSink::over(writer.get(), head).value();
    }

    std::string received() {
        sink->flush(noon);
        return read_all(reader.get());
    }

    UniqueFd reader;
    UniqueFd writer;
    LineHead head{"WRK-01", 4242};
    std::unique_ptr<LogSink> sink;
};

}  // namespace seki::observe
