#include "config/schema/schema.h"

#include <algorithm>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/file_text.h"
#include "config/schema/described_keys.h"
#include "config/toml/file.h"

namespace seki::config {
namespace {

using Form = TableSurvey::Form;
using Visit = std::function<void(std::string_view table, const TableSurvey::Key& key)>;

void for_each_key(const TableSurvey& survey, std::string_view table, const Visit& visit) {
    for (const TableSurvey::Key& key : survey.keys()) {
        visit(table, key);
        if (key.table != nullptr) for_each_key(*key.table, key.name, visit);
    }
}

const TableSurvey::Key& key_of(const TableSurvey& survey, std::string_view name) {
    const auto found = std::ranges::find(survey.keys(), name, &TableSurvey::Key::name);
    if (found == survey.keys().end()) throw std::runtime_error("no key " + std::string(name));
    return *found;
}

const TableSurvey& table_of(const TableSurvey& survey, std::string_view name) { return *key_of(survey, name).table; }

std::string plural_less(std::string_view type) {
    return type.ends_with('s') ? std::string(type.substr(0, type.size() - 1)) : std::string(type);
}

TEST(Survey, knows_the_type_of_every_key) {
    size_t keys = 0;
    for_each_key(survey_file(), "", [&](std::string_view table, const TableSurvey::Key& key) {
        ++keys;
        EXPECT_NE(key.form, Form::anything) << table << "." << key.name;
    });
    EXPECT_GT(keys, 200U);
}

TEST(Survey, finds_the_keys_of_every_protocol) {
    const TableSurvey survey = survey_file();
    const TableSurvey& listener = table_of(survey, "listeners");
    for (const char* key : {"address", "sticky_name", "cipher_list", "expect_proxy", "max_flows"})
        EXPECT_NE(key_of(listener, key).form, Form::anything) << key;
    EXPECT_EQ(key_of(listener, "protocol").words, (std::vector<std::string>{"http", "https", "tcp", "udp"}));
    const TableSurvey& cluster = table_of(survey, "clusters");
    EXPECT_EQ(key_of(cluster, "send_proxy").form, Form::flag);
    EXPECT_EQ(key_of(table_of(cluster, "backends"), "address").form, Form::host_address);
}

TEST(Survey, requires_what_no_protocol_does_without) {
    const TableSurvey survey = survey_file();
    const TableSurvey& frontend = table_of(table_of(survey, "clusters"), "frontends");
    EXPECT_TRUE(frontend.is_required(key_of(frontend, "address")));
    EXPECT_FALSE(frontend.is_required(key_of(frontend, "hostname"))) << "TCP has none";
    const TableSurvey& listener = table_of(survey, "listeners");
    EXPECT_TRUE(listener.is_required(key_of(listener, "protocol")));
    EXPECT_FALSE(listener.is_required(key_of(listener, "interface")));
}

TEST(Survey, knows_the_bounds_that_others_judge) {
    const TableSurvey survey = survey_file();
    const TableSurvey& listener = table_of(survey, "listeners");
    EXPECT_EQ(key_of(listener, "max_header_bytes").min, 1024U);
    EXPECT_EQ(key_of(listener, "max_header_bytes").max, 1'048'576U);
}

TEST(Schema, the_page_describes_every_key_and_no_other) {
    std::set<std::string> read;
    std::set<std::string> described;
    for_each_key(survey_file(), "", [&](std::string_view table, const TableSurvey::Key& key) {
        read.insert(fmt::format("{}.{}", table, key.name));
    });
    for (const DescribedKey& key : described_keys(configuration_page)) {
        EXPECT_TRUE(described.insert(fmt::format("{}.{}", key.table, key.key)).second) << key.table << "." << key.key;
    }
    EXPECT_EQ(read, described);
}

TEST(Schema, the_page_names_the_type_that_is_read) {
    const std::map<Form, std::set<std::string>> names{
        {Form::text, {"text", "path", "token", "octal digits as text", "path or target", "as for listeners"}},
        {Form::choice, {"text", "`serve`, `drain`"}},
        {Form::flag, {"flag"}},
        {Form::address, {"address"}},
        {Form::host_address, {"address, or `\"host:port\"`"}},
        {Form::number, {"number", "second", "byte", "bytes/", "bit", "millisecond", "percent"}},
        {Form::number_or_off, {"seconds or `\"off\"`"}},
        {Form::texts, {"list of text", "list of path", "list of network", "lists of network"}},
        {Form::numbers, {"list of number"}},
        {Form::text_map, {"table", "table of text", "as for listeners"}},
        {Form::table, {"table"}},
        {Form::tables, {"list of table", "lists of table"}},
        {Form::named_tables, {"table of table"}},
    };
    const std::vector<DescribedKey> described = described_keys(configuration_page);
    for_each_key(survey_file(), "", [&](std::string_view table, const TableSurvey::Key& key) {
        const auto found = std::ranges::find_if(
            described, [&](const DescribedKey& each) { return each.table == table && each.key == key.name; });
        if (found == described.end()) return;  // another test tells
        const std::string type(found->cell("Type"));
        const auto& may_be = names.at(key.form);
        EXPECT_TRUE(may_be.contains(type) || may_be.contains(plural_less(type)))
            << table << "." << key.name << ": " << type;
    });
}

TEST(Schema, the_one_of_the_documents_is_this_one) {
    const auto written = read_file_text(SEKI_DOCS "/seki.schema.json");
    ASSERT_TRUE(written.has_value()) << written.error().message;
    EXPECT_EQ(*written, file_schema()) << "seki config schema > docs/seki.schema.json";
}

TEST(DescribedKeys, are_rows_of_tables_of_keys) {
    const auto keys = described_keys(
        "| Key | Default | Meaning |\n|---|---|---|\n| `a`, `b` (Seki) | 1 | see [the page](page.md#part) |\n\n"
        "| Key of `[clusters.ID]`, `[[listeners]]` | Meaning |\n|---|---|\n| `c` | **–** later |\n\n"
        "| Word | Meaning |\n|---|---|\n| `d` | no key |\n");
    ASSERT_EQ(keys.size(), 4U);
    EXPECT_EQ(keys[0].table + "." + keys[0].key, ".a");
    EXPECT_EQ(keys[1].key, "b");
    EXPECT_EQ(keys[1].cell("Default"), "1");
    EXPECT_EQ(keys[1].cell("Meaning"), "see the page");
    EXPECT_EQ(keys[2].table + "." + keys[2].key, "clusters.c");
    EXPECT_EQ(keys[3].table, "listeners");
    EXPECT_EQ(keys[3].cell("Meaning"), "(not available yet) later");
    EXPECT_EQ(keys[3].cell("Bounds"), "");
}

}  // namespace
}  // namespace seki::config
