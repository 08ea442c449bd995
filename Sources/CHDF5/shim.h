// What Swift cannot import from libhdf5 by itself: macros with casts, macros that open the library as a
// side effect, and functions whose structures changed between 1.10 and 1.12.
#ifndef CHDF5_SHIM_H
#define CHDF5_SHIM_H

#include <hdf5.h>
#if H5_VERSION_GE(1, 12, 0)
#include <H5VLnative.h>
#endif
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

// Macros with a cast are not imported.
static inline unsigned chdf5_access_exclusive(void) { return H5F_ACC_EXCL; }
static inline unsigned chdf5_access_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned chdf5_access_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_access_read_write(void) { return H5F_ACC_RDWR; }
// Files are not counted: after a failed H5Fclose the library keeps the identifier of a file that it has freed, and
// counting files would read that memory.
static inline unsigned chdf5_local_objects(void)
{
    return H5F_OBJ_DATASET | H5F_OBJ_GROUP | H5F_OBJ_DATATYPE | H5F_OBJ_ATTR | H5F_OBJ_LOCAL;
}
static inline hid_t chdf5_default_list(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_all(void) { return H5S_ALL; }
static inline hid_t chdf5_error_stack(void) { return H5E_DEFAULT; }

// Each of these macros first initialises the library, which sets the variable that the macro returns.
static inline hid_t chdf5_file_creation(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_group_creation(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_dataset_creation(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_type_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t chdf5_type_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t chdf5_type_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t chdf5_type_int32(void) { return H5T_STD_I32LE; }
static inline hid_t chdf5_type_int64(void) { return H5T_STD_I64LE; }
static inline hid_t chdf5_type_uint64(void) { return H5T_STD_U64LE; }
static inline hid_t chdf5_type_c_string(void) { return H5T_C_S1; }

// What the driver of all files needs: the functions of the plain file driver (sec2), and who judges a file.
struct chdf5_driver_information {
    H5FD_t *(*open)(const char *name, unsigned flags, hid_t list, haddr_t limit);
    herr_t (*close)(H5FD_t *file);
    herr_t (*get_handle)(H5FD_t *file, hid_t list, void **handle);
    // Returns 1 if libhdf5 may read the file behind a descriptor, 0 to refuse it; NULL if no file is judged.
    int (*judge)(int descriptor, void *context);
    void *context;
};

// Opens a file and has it judged through the very descriptor that libhdf5 then reads: nobody can put another file in
// its place in between.
static inline H5FD_t *chdf5_open_judged(const char *name, unsigned flags, hid_t list, haddr_t limit)
{
    const struct chdf5_driver_information *information =
        (const struct chdf5_driver_information *)H5Pget_driver_info(list);
    if (!information)
        return NULL;
    H5FD_t *file = information->open(name, flags, list, limit);
    if (!file || !information->judge)
        return file;
    void *handle = NULL;
    if (information->get_handle(file, list, &handle) >= 0 && handle &&
        information->judge(*(int *)handle, information->context))
        return file;
    information->close(file);
    return NULL;
}

// Registers the plain file driver (sec2) without its locks, and returns the new driver's identifier; negative on
// failure. H5Pset_driver needs the information that this sets.
//
// libhdf5 locks each file that it opens. A child process that another thread is starting holds copies of all
// descriptors until it calls exec, and with them the locks: a file that this process has just closed then cannot be
// opened again. The environment variable HDF5_USE_FILE_LOCKING overrides H5Pset_file_locking, so only a driver without
// the lock and unlock functions never locks.
static inline hid_t chdf5_register_driver_without_locks(struct chdf5_driver_information *information)
{
    // A failure returns without closing what is open: the next call would clear the error stack, and the program cannot
    // use the library anyway.
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    if (list < 0 || H5Pset_fapl_sec2(list) < 0)
        return H5I_INVALID_HID;
    // The driver's functions are available only from a file that it has opened.
    H5FD_t *file = H5FDopen("/dev/null", H5F_ACC_RDONLY, list, HADDR_UNDEF);
    if (!file)
        return H5I_INVALID_HID;
    H5FD_class_t plain = *file->cls;
    information->open = plain.open;
    information->close = plain.close;
    information->get_handle = plain.get_handle;
    information->judge = NULL;
    information->context = NULL;
    plain.name = "sec2-without-locks";
    plain.lock = NULL;
    plain.unlock = NULL;
    plain.open = chdf5_open_judged;
    plain.fapl_size = sizeof(struct chdf5_driver_information);
    hid_t driver = H5FDregister(&plain);
    if (driver < 0)
        return driver;
    H5FDclose(file);
    H5Pclose(list);
    return driver;
}

// 1 for a hard link, 0 for any other kind, negative on failure. The link must exist. For a hard link, also the address
// of its target's header (relative to the end of the user block), which is not looked at.
static inline int chdf5_hard_link(hid_t location, const char *name, unsigned long long *address)
{
    haddr_t found = HADDR_UNDEF;
#if H5_VERSION_GE(1, 12, 0)
    H5L_info2_t info;
    if (H5Lget_info2(location, name, &info, H5P_DEFAULT) < 0)
        return -1;
    if (info.type == H5L_TYPE_HARD && H5VLnative_token_to_addr(location, info.u.token, &found) < 0)
        return -1;
#else
    H5L_info_t info;
    if (H5Lget_info(location, name, &info, H5P_DEFAULT) < 0)
        return -1;
    if (info.type == H5L_TYPE_HARD)
        found = info.u.address;
#endif
    *address = found;
    return info.type == H5L_TYPE_HARD;
}

// Called with names one by one, until it returns a value other than 0.
typedef int (*chdf5_take_name)(const char *name, void *context);
struct chdf5_taker {
    chdf5_take_name take;
    void *context;
};
static inline herr_t chdf5_take_link(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    (void)group;
    (void)info;
    const struct chdf5_taker *taker = data;
    return taker->take(name, taker->context);
}

// Passes on the names of a group's links; negative on failure. The iteration is neither by index nor in order: for
// these libhdf5 1.10.8 first builds a table, and if damage stops it, it frees entries that it has not filled.
static inline herr_t chdf5_link_names(hid_t group, chdf5_take_name take, void *context)
{
    struct chdf5_taker taker = {take, context};
    hsize_t position = 0;
    return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &position, chdf5_take_link, &taker);
}
// The kind (an H5O_type_t), the number of hard links and the header's address (relative to the end of the user block)
// of an object; negative on failure. Does not decode the types, extents and layouts of datasets, the links of groups,
// or attributes.
static inline int chdf5_object_information(
    hid_t location, const char *name, int *kind, unsigned *links, unsigned long long *address)
{
    haddr_t found = HADDR_UNDEF;
#if H5_VERSION_GE(1, 12, 0)
    H5O_info2_t info;
    if (H5Oget_info_by_name3(location, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0 ||
        H5VLnative_token_to_addr(location, info.token, &found) < 0)
        return -1;
#else
    H5O_info_t info;
    if (H5Oget_info_by_name2(location, name, &info, H5O_INFO_BASIC, H5P_DEFAULT) < 0)
        return -1;
    found = info.addr;
#endif
    *kind = (int)info.type;
    *links = info.rc;
    *address = found;
    return 0;
}

// The number of an object's attributes; negative on failure. If they are stored outside the header, this decodes the
// header of the B-tree that finds them.
static inline int chdf5_attribute_count(hid_t location, const char *name, unsigned long long *count)
{
#if H5_VERSION_GE(1, 12, 0)
    H5O_info2_t info;
    if (H5Oget_info_by_name3(location, name, &info, H5O_INFO_NUM_ATTRS, H5P_DEFAULT) < 0)
        return -1;
#else
    H5O_info_t info;
    if (H5Oget_info_by_name2(location, name, &info, H5O_INFO_NUM_ATTRS, H5P_DEFAULT) < 0)
        return -1;
#endif
    *count = info.num_attrs;
    return 0;
}

#endif
