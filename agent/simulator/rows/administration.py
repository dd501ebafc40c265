"""What administrators change: rights, packages, metadata, sandboxes, keys."""

from __future__ import annotations

import polars as pl

from agent.simulator.rows.block import Block, Builder, Cells
from agent.simulator.world.record_id import long_ids, pool, short_id


def permission(block: Block) -> Cells:
    random = block.random
    return {
        "FEATURE_ID": random.choice("feature", pool("PermissionSet", 40)),
        "UPDATE_TYPE": random.choice("update", {"Insert": 5, "Update": 4, "Delete": 1}),
        "PERMISSION_TYPE": random.choice("type", ("ObjectPermissions", "FieldPermissions", "UserPermissions")),
        "CONTEXT": random.choice("context", ("PermissionSet", "Profile")),
        "DESCRIPTION": random.choice("describes", ("Read on Account", "Edit on Contact.Email", "RunReports")),
    }


def membership(block: Block) -> Cells:
    random = block.random
    ids = pl.Series([user.id for user in block.tenant.staff.of("person")])
    return {
        "URI": "/setup/own/groupedit.jsp",
        "OPERATION": random.choice("operation", {"AddedGroupMember": 6, "DeletedGroupMember": 4}),
        "GROUP_TYPE": random.choice("type", ("R", "Q")),
        "GROUP_ID": random.choice("group", pool("Group", 30)),
        "MEMBER_ID": random.choice("member", ids),
    }


def metadata(block: Block) -> Cells:
    kinds = {"meta_list": 4, "meta_synchronous_read": 3, "meta_deploy": 2, "meta_synchronous_upsert": 1}
    return {
        "URI": "/services/Soap/m/66.0",
        "CLIENT_ID": block.random.choice("client", ("Metazoa/2.1", "Gearset", "")),
        "OPERATION": block.random.choice("operation", kinds),
        "API_VERSION": "66.0",
    }


def package(block: Block) -> Cells:
    random = block.random
    return {
        "URI": "/packaging/installPackage.apexp",
        "OPERATION_TYPE": random.choice("operation", {"UPGRADE": 7, "INSTALL": 2, "UNINSTALL": 1}),
        "IS_SUCCESSFUL": random.choice("successful", {"1": 9, "0": 1}),
        "IS_PUSH": random.choice("push", {"1": 6, "0": 4}),
        "IS_MANAGED": "1",
        "IS_RELEASED": "1",
        "PACKAGE_NAME": random.choice("name", ("Quote Builder", "Dokumentvorlagen", "Survey Kit")),
        "FAILURE_TYPE": "",
    }


def sandbox(block: Block) -> Cells:
    random = block.random
    return {
        "SANDBOX_ID": random.choice("sandbox", pool("SandboxInfo", 4)),
        "PENDING_SANDBOX_ORG_ID": short_id("Organization", 777_001),
        "CURRENT_SANDBOX_ORG_ID": short_id("Organization", 777_000),
        "STATUS": random.choice("status", ("Pending", "Processing", "Activated")),
    }


def change_set(block: Block) -> Cells:
    random = block.random
    return {
        "URI": "/changemgmt/outboundChangeSetDetailPage.apexp",
        "CHANGE_SET_NAME": random.choice("name", ("Release 41", "Hotfix order form", "Änderungen März")),
        "OPERATION": random.choice("operation", {"VALIDATE": 3, "UPLOAD": 3, "DEPLOY": 3, "DELETE": 1}),
        "TARGET_ORG_ID": short_id("Organization", 777_000),
    }


def encryption(block: Block) -> Cells:
    random = block.random
    key = random.choice("key", pool("TenantSecret", 8))
    return {
        "URI": "/services/encryption",
        "KEY_ID": key,
        "KEY_ID_DERIVED": long_ids(key),
        "ACTION": random.choice("action", {"Key Derived": 6, "TS Read": 3, "Key Delivered": 3, "TS Generated": 1}),
        "KEY_TYPE": random.choice("type", ("Data", "DeterministicData", "SearchIndex")),
        "METHOD": "AES256",
    }


def policy(block: Block) -> Cells:
    random = block.random
    ident = random.choice("policy", pool("TransactionSecurityPolicy", 5))
    return {
        "POLICY_ID": ident,
        "POLICY_ID_DERIVED": long_ids(ident),
        "EVENT_TIMESTAMP": block.instant.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
        "EVALUATION_TIME_MS": random.spread("evaluation", 2, 400),
        "RESULT": random.choice("result", {"NotTriggered": 8, "Triggered": 1, "Error": 1}),
    }


BUILDERS: dict[str, Builder] = {
    "PermissionUpdate": permission,
    "GroupMembership": membership,
    "MetadataApiOperation": metadata,
    "PackageInstall": package,
    "Sandbox": sandbox,
    "ChangeSetOperation": change_set,
    "PlatformEncryption": encryption,
    "TransactionSecurity": policy,
}
