#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iterator>

#include "stage/swarm.h"

namespace seki::stage {

namespace {
constexpr size_t max_asked = 8;  // more than the codec takes at once
constexpr size_t longest_line = 900;
}  // namespace

SwarmStreams::SwarmStreams(Swarm& swarm, WirePtr wire) : swarm_(swarm), wire_(std::move(wire)) {
    counts_credit_ = swarm.chance(2);
    if (counts_credit_) to_send_ = fmt::format("S {}\n", swarm.below(2000));
}

void SwarmStreams::ask() {
    Ask ask;
    ask.tag = swarm_.new_tag();
    const bool has_body = swarm_.chance(2);
    ask.method = has_body ? "POST" : "GET";
    if (has_body) ask.body_length = swarm_.below(swarm_.chance(4) ? 30'000 : 50);
    const std::string_view host = swarm_.chance(4) ? "b" : "";
    Asked asked;
    asked.tag = ask.tag;
    const uint32_t stream = next_stream_++;
    asked.lines.push_back(fmt::format("H {} {} {}/{}{}\n", stream, ask.method, host, ask.tag, has_body ? " open" : ""));
    const std::string body = tagged_body(ask.tag, ask.body_length);
    for (size_t at = 0; at < body.size();) {
        const size_t piece = std::min<size_t>(body.size() - at, 1 + swarm_.below(longest_line));
        asked.lines.push_back(fmt::format("B {} {}\n", stream, body.substr(at, piece)));
        at += piece;
    }
    if (has_body) asked.lines.push_back(fmt::format("E {}\n", stream));
    swarm_.ask(ask.tag) = ask;
    asked_.emplace(stream, std::move(asked));
}

// Lines of any stream, in any order among streams.
void SwarmStreams::put_lines(size_t count) {
    for (; count > 0 && !asked_.empty(); --count) {
        auto& [stream, asked] = *std::next(asked_.begin(), swarm_.below(static_cast<uint32_t>(asked_.size())));
        if (asked.lines.empty() || !take_credit(asked)) continue;
        to_send_ += asked.lines.front();
        asked.lines.pop_front();
    }
}

// For its next line, if that is one of a body.
bool SwarmStreams::take_credit(Asked& asked) const {
    const std::string& line = asked.lines.front();
    if (!counts_credit_ || line[0] != 'B') return true;
    const size_t bytes = line.size() - line.find(' ', 2) - 2;
    if (bytes > asked.credit) return false;
    asked.credit -= bytes;
    return true;
}

void SwarmStreams::ping() {
    pings_.push_back(std::to_string(swarm_.below(1'000'000)));
    to_send_ += fmt::format("P {}\n", pings_.back());
}

void SwarmStreams::give_credit(size_t bytes) {
    if (!counts_credit_) return;
    const uint32_t stream = swarm_.chance(2) || asked_.empty() ? 0 : asked_.begin()->first;
    to_send_ += fmt::format("W {} {}\n", stream, bytes);
}

void SwarmStreams::send_some(size_t bytes) {
    const std::string piece = to_send_.substr(0, bytes);
    to_send_.erase(0, piece.size());
    wire_->send(piece);
}

void SwarmStreams::give_up() {
    if (asked_.empty()) return;
    const auto chosen = std::next(asked_.begin(), swarm_.below(static_cast<uint32_t>(asked_.size())));
    to_send_ += fmt::format("R {}\n", chosen->first);
    given_up_[chosen->first] = true;
    asked_.erase(chosen);
}

void SwarmStreams::act() {
    if (gone_ || wire_->peer_closed()) return;
    switch (swarm_.below(12)) {
        case 10:
            ping();
            break;
        case 11:
            give_credit(swarm_.below(5000));
            break;
        case 0:
        case 1:
            if (asked_.size() < max_asked) ask();
            break;
        case 2:
        case 3:
            put_lines(1 + swarm_.below(40));
            break;
        case 4:
        case 5:
        case 6:
            send_some(swarm_.below(swarm_.chance(3) ? 30'000 : 100));
            break;
        case 7:
            slow_ = swarm_.chance(2);
            wire_->take_at_most(slow_ ? swarm_.below(5000) : SIZE_MAX);
            break;
        case 8:
            if (swarm_.chance(3)) give_up();
            break;
        default:
            if (!swarm_.chance(12)) break;
            gone_ = true;
            swarm_.chance(2) ? wire_->reset() : wire_->finish();
            break;
    }
}

void SwarmStreams::behave() {
    slow_ = false;
    wire_->take_at_most(SIZE_MAX);
    got_ += wire_->take();
    if (gone_) return;
    if (counts_credit_) to_send_ += "W 0 100000\n";
    put_lines(1000);
    send_some(SIZE_MAX);
}

void SwarmStreams::look() {
    if (!slow_) got_ += wire_->take();
    while (!gone_ && look_at_one()) {
    }
}

// A line, and the bytes behind it that it speaks of.
bool SwarmStreams::look_at_one() {
    const size_t end = got_.find('\n');
    if (end == std::string::npos) return false;
    const std::string line = got_.substr(0, end);
    size_t size = end + 1;
    std::string body;
    if (line.starts_with('b')) {
        const size_t length = std::stoul(line.substr(line.rfind(' ') + 1));
        if (got_.size() < size + length + 1) return false;
        body = got_.substr(size, length);
        size += length + 1;
    }
    got_.erase(0, size);
    hear(line, body);
    return true;
}

bool SwarmStreams::hear_own_frame(std::string_view line) {
    if (line == "s" || line == "g") return true;
    if (!line.starts_with("p ")) return false;
    EXPECT_TRUE(!pings_.empty() && pings_.front() == line.substr(2)) << line;
    if (!pings_.empty()) pings_.pop_front();
    return true;
}

void SwarmStreams::hear(std::string_view line, std::string_view body) {
    if (hear_own_frame(line)) return;
    uint32_t stream = 0;
    const char* const end = line.data() + line.size();
    const char* at = std::from_chars(line.data() + 2, end, stream).ptr;
    const std::string_view rest(at == end ? at : at + 1, static_cast<size_t>(at == end ? 0 : end - at - 1));
    const auto found = asked_.find(stream);
    if (line[0] == 'w') {
        if (found != asked_.end()) found->second.credit += std::stoul(std::string(rest));
        return;
    }
    if (found == asked_.end()) {
        const auto over = given_up_.find(stream);
        EXPECT_TRUE(over != given_up_.end() && (over->second || line[0] == 'r')) << "for nobody: " << line;
        return;
    }
    Asked& asked = found->second;
    switch (line[0]) {
        case 'h':
            EXPECT_EQ(asked.status, 0) << line;
            asked.status = std::stoi(std::string(rest));
            break;
        case 'f':
            if (rest.starts_with("Tag ")) {
                EXPECT_EQ(rest.substr(4), std::to_string(asked.tag));
            }
            if (rest.starts_with("Len ")) asked.length = std::stoul(std::string(rest.substr(4)));
            asked.of_backend = true;
            break;
        case 'b':
            EXPECT_NE(asked.status, 0) << line;
            asked.body += body;
            if (asked.of_backend) {
                EXPECT_TRUE(tagged_body(asked.tag, asked.length).starts_with(asked.body))
                    << "of another: " << asked.tag;
            }
            break;
        case 'e':
            check_answer(asked);
            given_up_[stream] = false;
            asked_.erase(found);
            break;
        case 'r':
            // Cut off, or of no interest any more to the proxy: in either case it is said.
            given_up_[stream] = false;
            asked_.erase(found);
            break;
        default:
            ADD_FAILURE() << line;
    }
}

void SwarmStreams::check_answer(const Asked& asked) {
    if (!asked.of_backend) {
        constexpr int own[] = {404, 408, 502, 503, 504};
        EXPECT_TRUE(std::ranges::find(own, asked.status) != std::end(own)) << asked.status;
        return;
    }
    EXPECT_EQ(asked.status, 200);
    EXPECT_EQ(asked.body.size(), asked.length) << "ended early: " << asked.tag;
}

std::string SwarmStreams::describe() const {
    std::string text = fmt::format("streams: to send {}, got {} bytes{}{}", to_send_.size(), got_.size(),
                                   gone_ ? " gone" : "", wire_->peer_closed() ? " closed" : "");
    for (const auto& [stream, asked] : asked_) {
        text += fmt::format(" [{} tag {} lines {} status {} body {} of {}]", stream, asked.tag, asked.lines.size(),
                            asked.status, asked.body.size(), asked.length);
    }
    return text;
}

}  // namespace seki::stage
