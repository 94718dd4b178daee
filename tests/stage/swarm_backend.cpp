#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/swarm.h"

namespace seki::stage {

void SwarmBackend::act() {
    if (gone_ || wire_->peer_closed()) return;
    if (!established_) {
        if (!swarm_.chance(4)) return;
        established_ = swarm_.chance(2);
        gone_ = !established_;
        return established_ ? wire_->establish() : wire_->refuse();
    }
    switch (swarm_.below(8)) {
        case 0:
        case 1:
            plan_answer();
            break;
        case 2:
        case 3:
        case 4:
            send_some(swarm_.below(swarm_.chance(3) ? 30'000 : 100));
            break;
        case 5:
            slow_ = swarm_.chance(3);
            wire_->take_at_most(slow_ ? swarm_.below(5000) : SIZE_MAX);
            break;
        case 6:
            got_ += wire_->take(swarm_.below(20'000));
            break;
        default:
            if (swarm_.chance(12)) break_off();
            break;
    }
}

void SwarmBackend::break_off() {
    if (until_close_ && swarm_.sockets()) return;
    gone_ = true;
    if (until_close_ || swarm_.chance(2)) return wire_->reset();
    wire_->finish();
}

void SwarmBackend::behave() {
    if (gone_ || wire_->peer_closed()) return;
    if (!established_) wire_->establish();
    established_ = true;
    slow_ = false;
    wire_->take_at_most(SIZE_MAX);
    look();
    plan_answer();
    send_some(SIZE_MAX);
}

void SwarmBackend::look() {
    if (!slow_) got_ += wire_->take();
    if (gone_) return;
    const Message request = read_request(got_);
    if (!request.head_came()) return;
    if (request_read_) {
        EXPECT_TRUE(!asked_ && to_send_.empty() && !silent_) << "a request before the last one was answered";
        EXPECT_FALSE(out_of_step_) << "a request on a connection that was not to be used again";
        hear(request);
    }
    const std::string body = tagged_body(tag_, swarm_.ask(tag_).body_length);
    EXPECT_TRUE(body.starts_with(request.body)) << "another body for " << tag_;
    if (!request.whole) return;
    EXPECT_EQ(request.body.size(), body.size());
    got_.erase(0, request.size);
    request_read_ = true;
}

void SwarmBackend::hear(const Message& request) {
    asked_ = true;
    request_read_ = false;
    tag_ = std::stoul(request.field("Tag"));
    ASSERT_TRUE(swarm_.knows(tag_));
    Ask& ask = swarm_.ask(tag_);
    ++ask.arrivals;
    EXPECT_EQ(request.first_line, fmt::format("{} /{} HTTP/1.1", ask.method, tag_));
    EXPECT_TRUE(ask.method != "POST" || ask.arrivals == 1) << "a POST came twice: " << tag_;
}

void SwarmBackend::plan_answer() {
    if (!asked_) return;
    const bool early = !request_read_;
    if (early && !swarm_.calm() && !swarm_.chance(10)) return;
    if (early && swarm_.calm() && swarm_.chance(2)) return;
    asked_ = false;
    const bool head_only = swarm_.ask(tag_).method == "HEAD";
    const size_t length = swarm_.below(swarm_.chance(4) ? 60'000 : 60);
    const std::string body = tagged_body(tag_, length);
    std::string text;
    if (swarm_.chance(8)) text += fmt::format("HTTP/1.1 103 Early Hints\r\nTag: {}\r\n\r\n", tag_);
    if (swarm_.chance(8)) text += "HTTP/1.1 100 Continue\r\n\r\n";
    const bool old = swarm_.chance(15);
    text += fmt::format("HTTP/1.{} 200 OK\r\nTag: {}\r\nLen: {}\r\n", old ? 0 : 1, tag_, length);
    if (swarm_.chance(8)) {
        text += "Connection: close\r\n";
        out_of_step_ = true;
    }
    out_of_step_ |= old;
    const uint32_t framing = head_only || old ? 0 : swarm_.below(3);
    if (framing == 0) text += fmt::format("Content-Length: {}\r\n\r\n{}", length, head_only ? "" : body);
    if (framing == 1) {
        text += "Transfer-Encoding: chunked\r\n\r\n";
        for (size_t at = 0; at < body.size();) {
            const size_t piece = std::min<size_t>(body.size() - at, 1 + swarm_.below(9000));
            text += fmt::format("{:x}\r\n{}\r\n", piece, body.substr(at, piece));
            at += piece;
        }
        text += "0\r\n\r\n";
    }
    if (framing == 2) {
        text += "\r\n" + body;
        until_close_ = out_of_step_ = true;
        afterwards_ = Afterwards::finish;
    }
    to_send_ = text;
    if (!swarm_.calm()) plan_mischief(text.find("\r\n\r\n") + 4);
}

void SwarmBackend::plan_mischief(size_t head_size) {
    if (until_close_ && swarm_.sockets()) return;
    switch (swarm_.below(60)) {
        case 0:
        case 1:
        case 2:
            // Cut off in the middle, or before it began.
            to_send_.resize(swarm_.below(static_cast<uint32_t>(to_send_.size())));
            afterwards_ = until_close_ || swarm_.chance(2) ? Afterwards::reset : Afterwards::finish;
            break;
        case 3:
            if (until_close_) break;
            stray_ = "HTTP/1.1 200 OK\r\nTag: 0\r\nContent-Length: 0\r\n\r\n";
            out_of_step_ = true;
            break;
        case 4:
            to_send_.clear();
            silent_ = true;
            break;
        case 5:
            to_send_.insert(swarm_.below(static_cast<uint32_t>(head_size) - 3), "\x01");
            out_of_step_ = true;
            break;
        default:
            break;
    }
}

void SwarmBackend::send_some(size_t bytes) {
    std::string piece = to_send_.substr(0, bytes);
    to_send_.erase(0, piece.size());
    // Later it would be an answer to the next request, and nobody could tell.
    if (to_send_.empty()) piece += std::exchange(stray_, {});
    wire_->send(piece);
    if (!to_send_.empty() || afterwards_ == Afterwards::stay || silent_) return;
    gone_ = true;
    afterwards_ == Afterwards::finish ? wire_->finish() : wire_->reset();
}

std::string SwarmBackend::describe() const {
    return fmt::format("backend: tag {}, asked {}, read {}, to send {}, got {}{}{}", tag_, asked_, request_read_,
                       to_send_.size(), got_.size(), gone_ ? " gone" : "", wire_->peer_closed() ? " closed" : "");
}

}  // namespace seki::stage
