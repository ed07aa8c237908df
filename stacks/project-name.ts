/** As Pulumi.yaml has it: the plain CLI works on the same stacks. */
export const PROJECT_NAME = "user-vps";
