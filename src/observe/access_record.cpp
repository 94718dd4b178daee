#include "observe/access_record.h"

#include <algorithm>
#include <google/protobuf/io/coded_stream.h>

#include "base/utf8.h"
#include "command.pb.h"
#include "net/address.h"

namespace seki::observe {

namespace {

using google::protobuf::io::CodedOutputStream;

constexpr size_t mark_bytes = 2;

std::string clean(std::string_view text, size_t limit) {
    if (text.size() > limit) text = text.substr(0, limit);
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const size_t size = first_character(text).size;
        out.append(size == 0 ? "?" : text.substr(0, size));
        text.remove_prefix(std::max<size_t>(size, 1));
    }
    return out;
}

void set_ulid(command::Uint128& out, const Ulid& id) {
    out.set_high(id.high);
    out.set_low(id.low);
}

// Sockets of this machine have no such address, and none is shown.
bool set_address(command::SocketAddress& out, std::string_view text) {
    const auto address = SocketAddress::parse(text);
    if (!address) return false;
    const auto bytes = address->ip();
    const auto number = [&bytes](size_t begin, size_t size) {
        uint64_t value = 0;
        for (size_t i = 0; i < size; ++i) value = value << 8 | bytes[begin + i];
        return value;
    };
    out.set_port(address->port());
    if (address->is_v4()) {
        out.mutable_ip()->set_v4(static_cast<uint32_t>(number(0, 4)));
        return true;
    }
    out.mutable_ip()->mutable_v6()->set_high(number(0, 8));
    out.mutable_ip()->mutable_v6()->set_low(number(8, 8));
    return true;
}

uint64_t us(Duration time) { return static_cast<uint64_t>(std::max<int64_t>(time.count(), 0)) / 1000; }

void set_endpoint(command::ProtobufEndpoint& endpoint, const AccessLine& access) {
    if (!access.has_endpoint) {
        endpoint.mutable_tcp();
        return;
    }
    command::HttpEndpoint& http = *endpoint.mutable_http();
    if (!access.method.empty()) http.set_method(clean(access.method, AccessLog::max_method_bytes));
    if (!access.authority.empty()) http.set_authority(clean(access.authority, AccessLog::max_authority_bytes));
    if (!access.path.empty()) http.set_path(clean(access.path, AccessLog::max_path_bytes));
    if (access.status != 0) http.set_status(access.status);
}

}  // namespace

AccessRecord::AccessRecord(std::string_view tag) : tag_(tag), record_(std::make_unique<command::ProtobufAccessLog>()) {}

AccessRecord::~AccessRecord() = default;

size_t AccessRecord::write(std::span<char> window, const AccessLine& access) {
    fill(access);
    const size_t size = record_->ByteSizeLong();
    const size_t head = CodedOutputStream::VarintSize32(static_cast<uint32_t>(size));
    if (head + size + mark_bytes > window.size()) return 0;
    auto* at = reinterpret_cast<uint8_t*>(window.data());
    at = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(size), at);
    at = record_->SerializeWithCachedSizesToArray(at);
    *at++ = 0;
    *at++ = 0;
    return head + size + mark_bytes;
}

void AccessRecord::fill(const AccessLine& access) {
    command::ProtobufAccessLog& record = *record_;
    record.Clear();
    const auto text = [](std::string_view value, size_t limit, auto set) {
        if (!value.empty()) set(clean(value, limit));
    };
    const auto time = [](const std::optional<Duration>& value, auto set) {
        if (value) set(us(*value));
    };
    const auto now = static_cast<uint64_t>(access.now.time_since_epoch().count());
    text(access.message, AccessLog::max_message_bytes,
         [&](std::string value) { record.set_message(std::move(value)); });
    set_ulid(*record.mutable_request_id(), access.request.value_or(access.session));
    set_ulid(*record.mutable_session_id(), access.session);
    text(access.cluster, AccessLog::max_name_bytes,
         [&](std::string value) { record.set_cluster_id(std::move(value)); });
    text(access.backend, AccessLog::max_name_bytes,
         [&](std::string value) { record.set_backend_id(std::move(value)); });
    if (!set_address(*record.mutable_session_address(), access.client)) record.clear_session_address();
    if (!set_address(*record.mutable_backend_address(), access.backend_address)) record.clear_backend_address();
    record.set_protocol(std::string(access.protocol));
    set_endpoint(*record.mutable_endpoint(), access);
    time(access.client_rtt, [&](uint64_t value) { record.set_client_rtt(value); });
    time(access.backend_rtt, [&](uint64_t value) { record.set_server_rtt(value); });
    record.set_service_time(us(access.service_time.value_or(Duration::zero())));
    record.set_bytes_in(access.bytes_in);
    record.set_bytes_out(access.bytes_out);
    text(access.user_agent, AccessLog::max_user_agent_bytes,
         [&](std::string value) { record.set_user_agent(std::move(value)); });
    size_t room = AccessLog::max_tags_bytes;
    if (access.tag_list != nullptr) {
        for (const auto& [name, value] : *access.tag_list) {
            if (name.size() + value.size() > room) break;
            room -= name.size() + value.size();
            (*record.mutable_tags())[clean(name, name.size())] = clean(value, value.size());
        }
    }
    record.set_tag(std::string(tag_));
    record.mutable_time()->set_low(now);
    record.mutable_time()->set_high(0);
    const Duration request_time = access.request_time.value_or(Duration::zero());
    record.set_request_time(us(request_time));
    record.mutable_start_time()->set_low(now - static_cast<uint64_t>(std::max<int64_t>(request_time.count(), 0)));
    record.mutable_start_time()->set_high(0);
    time(access.response_time, [&](uint64_t value) { record.set_response_time(value); });
    text(access.tls_version, 16, [&](std::string value) { record.set_tls_version(std::move(value)); });
    text(access.tls_cipher, 64, [&](std::string value) { record.set_tls_cipher(std::move(value)); });
    text(access.tls_sni, AccessLog::max_authority_bytes,
         [&](std::string value) { record.set_tls_sni(std::move(value)); });
    text(access.tls_alpn, 16, [&](std::string value) { record.set_tls_alpn(std::move(value)); });
}

}  // namespace seki::observe
