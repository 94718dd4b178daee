#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/swarm.h"

namespace seki::stage {

std::string tagged_body(uint64_t tag, size_t length) {
    std::string body(length, ' ');
    for (size_t i = 0; i < length; ++i) body[i] = static_cast<char>('a' + (tag * 7 + i * (1 + tag % 5)) % 26);
    return body;
}

void SwarmClient::ask() {
    Ask ask;
    ask.tag = swarm_.new_tag();
    constexpr std::string_view methods[] = {"GET", "GET", "HEAD", "POST", "POST", "PUT"};
    ask.method = methods[swarm_.below(6)];
    ask.old = swarm_.chance(10);
    const bool has_body = ask.method.front() == 'P';
    if (has_body) ask.body_length = swarm_.below(swarm_.chance(4) ? 40'000 : 50);
    const bool chunked = has_body && !ask.old && swarm_.chance(2);
    const bool close = swarm_.chance(15);
    const std::string_view host = swarm_.chance(20) ? "nobody" : swarm_.chance(4) ? "b" : "a";
    std::string text =
        fmt::format("{} /{} HTTP/1.{}\r\nHost: {}\r\nTag: {}\r\n", ask.method, ask.tag, ask.old ? 0 : 1, host, ask.tag);
    if (close) text += "Connection: close\r\n";
    if (has_body && swarm_.chance(8)) text += "Expect: 100-continue\r\n";  // and does not wait for it
    if (chunked) text += "Transfer-Encoding: chunked\r\n";
    if (has_body && !chunked) text += fmt::format("Content-Length: {}\r\n", ask.body_length);
    text += "\r\n";
    const std::string body = tagged_body(ask.tag, ask.body_length);
    for (size_t at = 0; chunked && at < body.size();) {
        const size_t piece = std::min<size_t>(body.size() - at, 1 + swarm_.below(9000));
        text += fmt::format("{:x}\r\n{}\r\n", piece, body.substr(at, piece));
        at += piece;
    }
    const std::string trailer =
        swarm_.chance(3) ? fmt::format("Sum: {}\r\n", std::string(swarm_.below(4000), 's')) : "";
    text += chunked ? fmt::format("0\r\n{}\r\n", trailer) : body;
    put(ask, text);
    last_asked_ = close || ask.old;
}

// For what no frontend serves, many times.
void SwarmClient::ask_for_nobody() {
    for (uint32_t n = 10 + swarm_.below(50); n > 0; --n) {
        Ask ask;
        ask.tag = swarm_.new_tag();
        ask.method = "GET";
        put(ask, fmt::format("GET /{} HTTP/1.1\r\nHost: nobody\r\n\r\n", ask.tag));
    }
}

void SwarmClient::put(const Ask& ask, std::string_view text) {
    to_send_ += text;
    asked_.push_back(ask.tag);
    swarm_.ask(ask.tag) = ask;
}

void SwarmClient::send_some(size_t bytes) {
    const std::string piece = to_send_.substr(0, bytes);
    to_send_.erase(0, piece.size());
    wire_->send(piece);
}

void SwarmClient::act() {
    if (gone_ || wire_->peer_closed()) return;
    switch (swarm_.below(12)) {
        case 0:
        case 1:
        case 2:
            if (asked_.size() < 4 && !last_asked_) swarm_.chance(15) ? ask_for_nobody() : ask();
            break;
        case 3:
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
            got_ += wire_->take(swarm_.below(20'000));
            break;
        case 9:
            if (!swarm_.chance(8)) break;
            gone_ = true;
            wire_->reset();
            break;
        case 10:
            // Half closed, perhaps within a request.
            if (!swarm_.chance(6)) break;
            last_asked_ = true;
            if (!to_send_.empty()) {
                to_send_.clear();
                gone_ = true;
            }
            wire_->finish();
            break;
        default:
            break;
    }
}

void SwarmClient::behave() {
    slow_ = false;
    wire_->take_at_most(SIZE_MAX);
    got_ += wire_->take();
    if (!gone_) send_some(SIZE_MAX);
}

void SwarmClient::look() {
    if (!slow_) got_ += wire_->take();
    while (!gone_ && look_at_one()) {
    }
    if (!gone_ && wire_->peer_closed() && wire_->received().empty()) check_end();
}

bool SwarmClient::look_at_one() {
    if (got_.empty()) return false;
    if (asked_.empty()) {
        ADD_FAILURE() << "bytes that nobody asked for: " << got_;
        got_.clear();
        return false;
    }
    const Ask& ask = swarm_.ask(asked_.front());
    const Message answer = read_answer(got_, ask.method == "HEAD" ? Bodies::none : Bodies::any);
    EXPECT_TRUE(!answer.has("Tag") || answer.field("Tag") == std::to_string(ask.tag)) << answer.field("Tag");
    if (!answer.whole) return false;
    got_.erase(0, answer.size);
    if (answer.status() < 200) return true;
    asked_.pop_front();
    check_answer(answer, ask);
    if (answer.field("Connection") == "close") {
        // Who has not seen the whole head cannot know that it was HEAD.
        const bool late_head = answer.status() == 408 && ask.method == "HEAD";
        EXPECT_TRUE(got_.empty() || late_head) << got_;
        asked_.clear();
        gone_ = true;
    }
    return true;
}

void SwarmClient::check_answer(const Message& answer, const Ask& ask) {
    if (!answer.has("Tag")) {
        constexpr int own[] = {404, 408, 502, 503, 504};
        EXPECT_TRUE(std::ranges::find(own, answer.status()) != std::end(own)) << answer.first_line;
        return;
    }
    EXPECT_EQ(answer.status(), 200);
    if (ask.method == "HEAD") return;
    const auto length = std::stoul(answer.field("Len"));
    EXPECT_TRUE(answer.body == tagged_body(ask.tag, length)) << "another body for " << ask.tag;
}

// The connection is over: what is cut off must not look like an end.
void SwarmClient::check_end() {
    if (std::exchange(end_seen_, true) || asked_.empty() || wire_->peer_reset()) return;
    const Message last = read_answer(got_);
    if (!last.head_came()) return;
    EXPECT_TRUE(last.until_close) << "cut off, but ended cleanly: " << describe();
    if (last.until_close) check_answer(last, swarm_.ask(asked_.front()));
}

bool SwarmClient::content() const { return gone_ || wire_->peer_closed() || (asked_.empty() && to_send_.empty()); }

std::string SwarmClient::describe() const {
    return fmt::format("client: {} asked, first {}, to send {}, got {} bytes: {}{}{}", asked_.size(),
                       asked_.empty() ? 0 : asked_.front(), to_send_.size(), got_.size(), got_.substr(0, 200),
                       gone_ ? " gone" : "", wire_->peer_closed() ? " closed" : "");
}

}  // namespace seki::stage
