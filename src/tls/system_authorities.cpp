#include "tls/system_authorities.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace seki::tls {
namespace {

namespace fs = std::filesystem;

constexpr size_t most_bytes = 64 << 20;
constexpr char between_files = '\0';

struct FreeBio {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

std::string named(const char* variable, const char* otherwise) {
    const char* const value = std::getenv(variable);
    return value != nullptr ? value : otherwise;
}

// "9d04f354.0", by which it is found.
bool is_hashed(std::string_view name) {
    constexpr size_t hash_size = 8;
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    return name.size() > hash_size + 1 && name[hash_size] == '.' &&
           name.substr(0, hash_size).find_first_not_of(hexadecimal) == std::string_view::npos &&
           name.substr(hash_size + 1).find_first_not_of(hexadecimal.substr(0, 10)) == std::string_view::npos;
}

void add_file(const fs::path& path, std::string& text) {
    std::error_code failed;
    if (!fs::is_regular_file(path, failed) || fs::file_size(path, failed) + text.size() > most_bytes) return;
    std::ifstream file(path, std::ios::binary);
    text.append(std::istreambuf_iterator<char>(file), {});
    text += between_files;
}

void add_folders(std::string_view folders, std::string& text) {
    while (!folders.empty()) {
        const std::string_view folder = folders.substr(0, folders.find(':'));
        folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
        std::error_code failed;
        for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
            if (is_hashed(entry->path().filename().native())) add_file(entry->path(), text);
        }
    }
}

UniqueFd memory_with(std::string_view text) {
    UniqueFd memory(::memfd_create("seki-authorities", MFD_CLOEXEC));
    while (memory.valid() && !text.empty()) {
        const ssize_t written = ::write(memory.get(), text.data(), text.size());
        if (written <= 0) return {};
        text.remove_prefix(static_cast<size_t>(written));
    }
    return memory;
}

std::string all_of(int fd) {
    const off_t size = fd >= 0 ? ::lseek(fd, 0, SEEK_END) : 0;
    std::string text(static_cast<size_t>(std::clamp<off_t>(size, 0, most_bytes)), '\0');
    size_t got = 0;
    while (got < text.size() && ::lseek(fd, static_cast<off_t>(got), SEEK_SET) >= 0) {
        const ssize_t more = ::read(fd, text.data() + got, text.size() - got);
        if (more <= 0) break;
        got += static_cast<size_t>(more);
    }
    text.resize(got);
    return text;
}

// Of several that are one the store keeps one. What is no certificate ends what is read of a file.
void add_certificates(X509_STORE& store, std::string_view file) {
    const std::unique_ptr<BIO, FreeBio> pem(BIO_new_mem_buf(file.data(), static_cast<int>(file.size())));
    while (pem != nullptr) {
        const std::unique_ptr<X509, FreeCertificate> read(PEM_read_bio_X509_AUX(pem.get(), nullptr, nullptr, nullptr));
        if (read == nullptr) return;
        X509_STORE_add_cert(&store, read.get());
    }
}

}  // namespace

SystemAuthorities::SystemAuthorities() {
    const std::string file = named(X509_get_default_cert_file_env(), X509_get_default_cert_file());
    text_ = UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const char* const variable = X509_get_default_cert_dir_env();
    if (text_.valid() && std::getenv(variable) == nullptr) return;
    std::string text;
    add_file(file, text);
    add_folders(named(variable, X509_get_default_cert_dir()), text);
    text_ = memory_with(text);
}

X509_STORE* SystemAuthorities::store() {
    if (store_ != nullptr) return store_.get();
    store_.reset(X509_STORE_new());
    const std::string text = all_of(text_.get());
    for (std::string_view rest = text; store_ != nullptr && !rest.empty();) {
        const std::string_view file = rest.substr(0, rest.find(between_files));
        add_certificates(*store_, file);
        rest.remove_prefix(std::min(file.size() + 1, rest.size()));
    }
    ERR_clear_error();
    return store_.get();
}

}  // namespace seki::tls
