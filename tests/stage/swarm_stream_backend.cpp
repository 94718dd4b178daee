#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iterator>

#include "stage/swarm.h"

namespace seki::stage {

SwarmStreamBackend::SwarmStreamBackend(Swarm& swarm, WirePtr wire, bool established)
    : swarm_(swarm), wire_(std::move(wire)), established_(established), counts_credit_(swarm.chance(3)) {
    if (counts_credit_) to_send_ += "S 500\n";
}

void SwarmStreamBackend::act() {
    if (gone_ || wire_->peer_closed()) return;
    if (!established_) {
        if (!swarm_.chance(4)) return;
        established_ = swarm_.chance(2);
        gone_ = !established_;
        return established_ ? wire_->establish() : wire_->refuse();
    }
    switch (swarm_.below(10)) {
        case 0:
        case 1:
            if (Asked* asked = any()) plan_answer(*asked);
            break;
        case 2:
        case 3:
            put_lines(1 + swarm_.below(4));
            break;
        case 4:
        case 5:
            send_some(swarm_.below(swarm_.chance(3) ? 30'000 : 100));
            break;
        case 6:
            slow_ = swarm_.chance(3);
            wire_->take_at_most(slow_ ? swarm_.below(5000) : SIZE_MAX);
            break;
        case 7:
            got_ += wire_->take(swarm_.below(20'000));
            break;
        case 8:
            give_credit(swarm_.below(3000));
            break;
        default:
            if (swarm_.chance(4)) do_mischief();
            break;
    }
}

SwarmStreamBackend::Asked* SwarmStreamBackend::any() {
    if (asked_.empty()) return nullptr;
    return &std::next(asked_.begin(), swarm_.below(static_cast<uint32_t>(asked_.size())))->second;
}

void SwarmStreamBackend::give_credit(size_t bytes) {
    if (!counts_credit_) return;
    for (const auto& [stream, asked] : asked_) to_send_ += fmt::format("W {} {}\n", stream, bytes);
}

void SwarmStreamBackend::do_mischief() {
    switch (swarm_.below(8)) {
        case 0:
        case 1:
            to_send_ += "P still there\n";
            break;
        case 2:
        case 3:
        case 4:
            if (const Asked* asked = any()) give_up(asked->stream, !asked->planned);
            break;
        case 5:
            go_away();
            break;
        case 6:
            to_send_ += "?\n";
            break;
        default:
            gone_ = true;
            swarm_.chance(2) ? wire_->reset() : wire_->finish();
    }
}

// `unprocessed`: and it is said that nobody has looked at it, so that it may come again.
void SwarmStreamBackend::give_up(uint32_t stream, bool unprocessed) {
    to_send_ += fmt::format("{} {}\n", unprocessed ? 'u' : 'r', stream);
    if (unprocessed) --swarm_.ask(asked_[stream].tag).arrivals;
    asked_.erase(stream);
}

void SwarmStreamBackend::go_away() {
    if (last_looked_at_ != UINT32_MAX) return;
    last_looked_at_ = asked_.empty() ? 0 : any()->stream;
    for (const auto& [stream, asked] : asked_) {
        if (asked.planned) last_looked_at_ = std::max(last_looked_at_, stream);
    }
    to_send_ += fmt::format("g {}\n", last_looked_at_);
    std::erase_if(asked_, [this](const auto& entry) {
        const bool left = entry.first > last_looked_at_;
        if (left) --swarm_.ask(entry.second.tag).arrivals;
        return left;
    });
}

void SwarmStreamBackend::behave() {
    if (gone_ || wire_->peer_closed()) return;
    if (!established_) wire_->establish();
    established_ = true;
    slow_ = false;
    wire_->take_at_most(SIZE_MAX);
    look();
    give_credit(100'000);
    for (auto& [stream, asked] : asked_) plan_answer(asked);
    put_lines(1000);
    send_some(SIZE_MAX);
}

void SwarmStreamBackend::look() {
    if (!slow_) got_ += wire_->take();
    if (gone_) return;
    while (look_at_one()) {
    }
}

bool SwarmStreamBackend::look_at_one() {
    const size_t end = got_.find('\n');
    if (end == std::string::npos) return false;
    const std::string line = got_.substr(0, end);
    const auto space = std::min(line.find(' ', 2), line.size());
    const auto stream = line[0] == 'p' ? 0 : static_cast<uint32_t>(std::stoul(line.substr(2)));
    size_t used = end + 1;
    if (line[0] == 'B') {
        const size_t size = std::stoul(line.substr(space));
        if (got_.size() < used + size + 1) return false;
        const auto found = asked_.find(stream);
        if (found != asked_.end()) found->second.body += got_.substr(used, size);
        used += size + 1;
    }
    got_.erase(0, used);
    const auto found = asked_.find(stream);
    if (line[0] == 'H') return hear(stream, line.substr(space + 1)), true;
    if (found == asked_.end()) return true;
    Asked& asked = found->second;
    const std::string body = tagged_body(asked.tag, swarm_.ask(asked.tag).body_length);
    EXPECT_TRUE(body.starts_with(asked.body)) << "another body for " << asked.tag;
    if (line[0] == 'E') {
        asked.complete = true;
        EXPECT_EQ(asked.body.size(), body.size());
    }
    if (line[0] == 'R') asked_.erase(found);
    return true;
}

void SwarmStreamBackend::hear(uint32_t stream, const std::string& what) {
    if (stream > last_looked_at_) return;
    const size_t slash = what.find('/');
    const uint64_t tag = std::stoul(what.substr(slash + 1));
    ASSERT_TRUE(swarm_.knows(tag)) << what;
    Ask& ask = swarm_.ask(tag);
    ++ask.arrivals;
    EXPECT_TRUE(what.starts_with(ask.method + " ")) << what;
    EXPECT_TRUE(ask.method != "POST" || ask.arrivals == 1) << "a POST came twice: " << tag;
    EXPECT_FALSE(asked_.contains(stream));
    Asked& asked = asked_[stream];
    asked.stream = stream;
    asked.tag = tag;
    asked.complete = !what.ends_with(" open");
}

void SwarmStreamBackend::plan_answer(Asked& asked) {
    if (asked.planned) return;
    if (!asked.complete && !swarm_.chance(swarm_.calm() ? 2 : 10)) return;
    asked.planned = true;
    const uint32_t stream = asked.stream;
    const size_t length = swarm_.below(swarm_.chance(4) ? 60'000 : 60);
    if (swarm_.chance(8)) asked.lines.push_back(fmt::format("i {} 103 Tag {}\n", stream, asked.tag));
    const bool head_only = swarm_.ask(asked.tag).method == "HEAD";
    asked.lines.push_back(
        fmt::format("h {} 200 Tag {}, Len {}{}\n", stream, asked.tag, length, head_only ? " end" : ""));
    if (head_only) return;
    const std::string body = tagged_body(asked.tag, length);
    for (size_t at = 0; at < body.size();) {
        const size_t piece = std::min<size_t>(body.size() - at, 1 + swarm_.below(9000));
        asked.lines.push_back(fmt::format("b {} {}\n{}\n", stream, piece, body.substr(at, piece)));
        at += piece;
    }
    asked.lines.push_back(fmt::format("e {}\n", stream));
}

void SwarmStreamBackend::put_lines(size_t count) {
    for (size_t i = 0; i < count && !asked_.empty(); ++i) {
        Asked& asked = *any();
        if (asked.lines.empty()) continue;
        to_send_ += asked.lines.front();
        asked.lines.pop_front();
        const uint32_t stream = asked.stream;
        if (asked.lines.empty()) asked_.erase(stream);  // nobody cares for the rest of the request
    }
}

void SwarmStreamBackend::send_some(size_t bytes) {
    const std::string piece = to_send_.substr(0, bytes);
    to_send_.erase(0, piece.size());
    wire_->send(piece);
}

std::string SwarmStreamBackend::describe() const {
    std::string text = fmt::format("stream backend: to send {}, got {}{}{}", to_send_.size(), got_.size(),
                                   gone_ ? " gone" : "", wire_->peer_closed() ? " closed" : "");
    for (const auto& [stream, asked] : asked_) {
        text += fmt::format(" [{} tag {} lines {} planned {} complete {} body {}]", stream, asked.tag,
                            asked.lines.size(), asked.planned, asked.complete, asked.body.size());
    }
    return text;
}

}  // namespace seki::stage
