#include "proxy/kept_head.h"

#include <array>
#include <cstring>

namespace seki::proxy {

namespace {

// Stands before the two texts of a field.
struct FieldRecord {
    uint32_t name_size;
    uint32_t value_size;
    http::FieldId id;
    bool dropped;
};

// The texts of a summary, which point into what was read.
std::array<std::string_view*, 7> texts_of(http::RequestSummary& summary) noexcept {
    return {&summary.method_text, &summary.authority,  &summary.host,  &summary.path,
            &summary.upgrade,     &summary.user_agent, &summary.accept};
}
std::array<std::string_view*, 1> texts_of(http::ResponseSummary& summary) noexcept { return {&summary.reason}; }

size_t size_of(const http::Field& field) noexcept {
    return sizeof(FieldRecord) + field.name.size() + field.value.size();
}

std::string_view append(net::Buffer& texts, std::string_view text) noexcept {
    if (text.empty()) return {};
    const char* const begin = texts.room().data();
    texts.append(text);
    return {begin, text.size()};
}

void append(net::Buffer& texts, const http::Field& field) noexcept {
    const FieldRecord record{static_cast<uint32_t>(field.name.size()), static_cast<uint32_t>(field.value.size()),
                             field.id, field.dropped};
    texts.append({reinterpret_cast<const char*>(&record), sizeof record});
    append(texts, field.name);
    append(texts, field.value);
}

size_t size_to_send(const http::FieldTable& fields, std::span<const http::AddedField> added) noexcept {
    size_t bytes = 0;
    for (const http::Field& field : fields.all()) bytes += field.dropped ? 0 : size_of(field);
    for (const auto& [name, value] : added) bytes += sizeof(FieldRecord) + name.size() + value.size();
    return bytes;
}

void append_to_send(const http::FieldTable& fields, std::span<const http::AddedField> added,
                    net::Buffer& texts) noexcept {
    for (const http::Field& field : fields.all()) {
        if (!field.dropped) append(texts, field);
    }
    for (const auto& [name, value] : added)
        append(texts, {.name = name, .value = value, .line = {}, .id = http::field_id(name)});
}

void show_fields(std::string_view bytes, http::FieldTable& table) noexcept {
    table.clear();
    while (!bytes.empty()) {
        FieldRecord record;
        std::memcpy(&record, bytes.data(), sizeof record);
        bytes.remove_prefix(sizeof record);
        const std::string_view name = bytes.substr(0, record.name_size);
        const std::string_view value = bytes.substr(record.name_size, record.value_size);
        bytes.remove_prefix(name.size() + value.size());
        table.add({.name = name, .value = value, .line = {}, .id = record.id, .dropped = record.dropped});
    }
}

// The smallest buffer that so much fits into.
net::BufferPtr buffer_for(size_t bytes, net::BufferPool& buffers) {
    net::BufferPtr found;
    if (bytes <= buffers.small_size()) found = buffers.acquire_small();
    if (found == nullptr && bytes <= buffers.buffer_size()) found = buffers.try_acquire();
    return found;
}

template <typename Summary>
size_t size_of_texts(Summary summary) noexcept {
    size_t bytes = 0;
    for (const std::string_view* text : texts_of(summary)) bytes += text->size();
    return bytes;
}

template <typename Summary>
void move_texts(Summary& summary, net::Buffer& into) noexcept {
    for (std::string_view* text : texts_of(summary)) *text = append(into, *text);
}

}  // namespace

std::optional<KeptRequest> KeptRequest::keep(const http::RequestHead& head, net::BufferPool& buffers) {
    KeptRequest kept;
    kept.summary_ = head;
    size_t bytes = size_of_texts(kept.summary_);
    for (const http::Field& field : head.fields.all()) bytes += size_of(field);
    kept.texts_ = buffer_for(bytes, buffers);
    if (kept.texts_ == nullptr) return std::nullopt;
    move_texts(kept.summary_, *kept.texts_);
    kept.fields_at_ = kept.texts_->size();
    for (const http::Field& field : head.fields.all()) append(*kept.texts_, field);
    kept.odd_names_ = head.fields.odd_names();
    return kept;
}

void KeptRequest::show(http::RequestHead& head) const {
    static_cast<http::RequestSummary&>(head) = summary_;
    show_fields(texts_->data().substr(fields_at_), head.fields);
    if (odd_names_) head.fields.note_odd_name();
}

std::optional<KeptRequest> KeptRequest::keep(const http::RequestHead& head, std::span<const http::AddedField> added,
                                             net::BufferPool& buffers) {
    KeptRequest kept;
    kept.summary_ = head;
    kept.texts_ = buffer_for(size_of_texts(kept.summary_) + size_to_send(head.fields, added), buffers);
    if (kept.texts_ == nullptr) return std::nullopt;
    move_texts(kept.summary_, *kept.texts_);
    kept.fields_at_ = kept.texts_->size();
    append_to_send(head.fields, added, *kept.texts_);
    return kept;
}

std::optional<KeptAnswer> KeptAnswer::keep(const http::ResponseHead& head, std::span<const http::AddedField> added,
                                           net::BufferPool& buffers) {
    KeptAnswer kept;
    kept.summary_ = head;
    kept.texts_ = buffer_for(size_of_texts(kept.summary_) + size_to_send(head.fields, added), buffers);
    if (kept.texts_ == nullptr) return std::nullopt;
    move_texts(kept.summary_, *kept.texts_);
    kept.fields_at_ = kept.texts_->size();
    append_to_send(head.fields, added, *kept.texts_);
    return kept;
}

void KeptAnswer::show(http::ResponseHead& head) const {
    static_cast<http::ResponseSummary&>(head) = summary_;
    show_fields(texts_->data().substr(fields_at_), head.fields);
}

}  // namespace seki::proxy
